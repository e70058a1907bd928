/** The end of a stream of server-sent events, as the protocol says it. */
const DONE = /(^|[\r\n])data: ?\[DONE\]/;
/** Longer than the mark, so that one which two pieces share is seen. */
const TAIL = 32;

/**
 * Guards one request. It ends when the caller stops it, or when no byte came for a while, even where `fetch` heeds
 * no signal; comments that keep a connection alive count as bytes.
 */
export class Watch {
  /** Aborted by the caller's stop and by a stall. */
  readonly signal: AbortSignal;
  readonly #stall = new AbortController();
  readonly #stallMs: number;
  readonly #fetch: typeof fetch;
  #tail = "";
  #done = false;

  constructor(stop: AbortSignal, stallMs: number, fetcher: typeof fetch) {
    this.signal = AbortSignal.any([stop, this.#stall.signal]);
    this.#stallMs = stallMs;
    this.#fetch = fetcher;
  }

  get stalled(): boolean {
    return this.#stall.signal.aborted;
  }

  /** The server said that the stream is whole. */
  get done(): boolean {
    return this.#done;
  }

  /** `fetch` under guard, its answer's body too. */
  readonly fetch: typeof fetch = async (input, init) => {
    const response = await this.#within(this.#fetch(input as RequestInfo, init));
    if (!response.body) return response;
    const headers = new Headers(response.headers);
    // The body comes decoded.
    headers.delete("content-encoding");
    headers.delete("content-length");
    return new Response(this.#watched(response.body), { status: response.status, headers });
  };

  #watched(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const reader = body.getReader();
    const text = new TextDecoder();
    const release = () => reader.cancel().catch(() => {});
    return new ReadableStream<Uint8Array>({
      pull: async (out) => {
        const { done, value } = await this.#within(reader.read()).catch((error: unknown) => {
          void release();
          throw error;
        });
        if (value) out.enqueue(value);
        if (value) this.#look(text.decode(value, { stream: true }));
        // Some servers keep the connection open after the end.
        if (done || this.#done) out.close();
        if (this.#done) void release();
      },
      cancel: release,
    });
  }

  #look(text: string): void {
    const seen = this.#tail + text;
    this.#done ||= DONE.test(seen);
    this.#tail = seen.slice(-TAIL);
  }

  /** Rejects as soon as the signal is aborted, by a stall too. */
  #within<T>(work: Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.#stall.abort(), this.#stallMs);
    let cut = () => {};
    const result = new Promise<T>((resolve, reject) => {
      cut = () => reject(new Error("the request was cut"));
      if (this.signal.aborted) cut();
      this.signal.addEventListener("abort", cut, { once: true });
      work.then(resolve, reject);
    });
    return result.finally(() => {
      clearTimeout(timer);
      this.signal.removeEventListener("abort", cut);
    });
  }
}
