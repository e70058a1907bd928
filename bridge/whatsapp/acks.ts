import type { WASocket } from "baileys";

/** WhatsApp's server answers a message within this, in milliseconds, or nobody knows. */
const PATIENCE_MS = 15_000;

export type Ack = { ok: true } | { ok: false; error: string } | undefined;

/** Waits for the server's word on messages: the library's own promise ends when the bytes have left. */
export class Acks {
  readonly #waiting = new Map<string, (ack: Ack) => void>();

  listen(socket: WASocket): void {
    socket.ws.on("CB:ack,class:message", ({ attrs }: { attrs: { id?: string; error?: string } }) => {
      const { id = "", error } = attrs;
      this.#waiting.get(id)?.(error ? { ok: false, error } : { ok: true });
    });
  }

  /** Begin to wait before it is sent. Undefined: no word came. */
  of(id: string): Promise<Ack> {
    const { promise, resolve } = Promise.withResolvers<Ack>();
    const timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
    this.#waiting.set(id, resolve);
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(id);
    });
  }

  /** The connection is gone: no word will come. */
  lost(): void {
    for (const resolve of this.#waiting.values()) resolve(undefined);
  }
}
