import { LLMock } from "@copilotkit/aimock";
import { type Call, type Handler, json } from "./http.ts";
import type { ModelRequestBody, ModelRequestSeen, ModelStep } from "./protocol.ts";
import type { Waiting } from "./waiting.ts";

interface Script {
  steps: ModelStep[];
  next: number;
}

const ECHO = "echo";

/**
 * A model server whose answers tests write. aimock speaks the protocol; this chooses which answer a request gets, and
 * breaks the connection where a step says so. A script belongs to a unique string in a message, so that tests which
 * run at once do not disturb each other. Without a script it repeats what was said to it.
 */
export class ScriptedModel {
  readonly seen: ModelRequestSeen[] = [];
  readonly #scripts = new Map<string, Script>();
  readonly #mock = new LLMock({ port: 0 });
  readonly #waiting: Waiting;

  constructor(waiting: Waiting) {
    this.#waiting = waiting;
  }

  async start(): Promise<void> {
    this.#mock.addFixture({
      match: { context: ECHO },
      response: (request) => ({ content: echo(request as ModelRequestBody) }),
    });
    await this.#mock.start();
  }

  stop(): Promise<void> {
    return this.#mock.stop();
  }

  /** Adds steps to the script of a key. */
  script(key: string, steps: ModelStep[]): void {
    const script = this.#scripts.get(key) ?? { steps: [], next: 0 };
    for (const [index, step] of steps.entries()) {
      const context = contextOf(key, script.steps.length + index);
      this.#mock.prependFixture({ match: { context }, response: responseOf(step), ...streamingOf(step) });
    }
    script.steps.push(...steps);
    this.#scripts.set(key, script);
  }

  /** The requests that contain a text, after waiting for so many. */
  async requests(containing: string, atLeast: number, timeoutMs: number): Promise<ModelRequestSeen[]> {
    const matching = () => this.seen.filter(({ body }) => JSON.stringify(body).includes(containing));
    await this.#waiting.until(() => matching().length >= atLeast, timeoutMs);
    return matching();
  }

  readonly handle: Handler = async (call) => {
    if (call.path.endsWith("/audio/transcriptions")) return await this.#transcribe(call);
    const body = JSON.parse(call.body || "{}") as ModelRequestBody;
    const chosen = call.path.endsWith("/chat/completions") ? this.#choose(body) : undefined;
    this.#note(call, body, chosen);
    await this.#answer(call, chosen);
  };

  /** What a recording says is the text of the next step; the script's key stands in the recording. */
  async #transcribe(call: Call): Promise<void> {
    const body = { model: "", messages: [{ role: "recording", content: call.body }] };
    const chosen = this.#choose(body);
    const step = chosen?.step ?? {};
    this.#note(call, body, chosen);
    if (step.trouble && !(await this.#trouble(step, call))) return;
    if (step.error) return json(call.response, { error: { message: step.error.message } }, step.error.status);
    json(call.response, { text: step.text ?? "", duration: 60 });
  }

  #note(call: Call, body: ModelRequestBody, chosen: { key: string; index: number } | undefined): void {
    const seen: ModelRequestSeen = {
      at: Date.now(),
      aborted: false,
      authorization: call.headers.authorization,
      bytes: Buffer.byteLength(call.body),
      body,
      ...(chosen && { key: chosen.key, step: chosen.index }),
    };
    this.seen.push(seen);
    this.#waiting.changed();
    call.gone.addEventListener("abort", () => {
      seen.aborted = true;
      this.#waiting.changed();
    });
  }

  async #answer(
    call: Call,
    chosen: { key: string; index: number; step: ModelStep } | undefined,
  ): Promise<void> {
    const step = chosen?.step ?? {};
    if (step.trouble && !step.after && !(await this.#trouble(step, call))) return;
    const context = chosen ? contextOf(chosen.key, chosen.index) : ECHO;
    const headers = { "content-type": "application/json", "x-aimock-context": context };
    const answer = await fetch(`${this.#mock.url}${call.path}`, {
      method: call.method,
      headers,
      body: call.body || undefined,
      signal: call.gone,
    });
    call.response.writeHead(answer.status, passedOn(answer.headers));
    let chunks = 0;
    for await (const event of eventsOf(answer)) {
      if (step.trouble && step.after && chunks === step.after && !(await this.#trouble(step, call))) return;
      await write(call, event);
      chunks++;
    }
    call.response.end();
  }

  /** Answers whether the stream goes on. */
  async #trouble(step: ModelStep, call: Call): Promise<boolean> {
    if (step.trouble === "cut") call.response.destroy();
    if (typeof step.trouble !== "object") return false;
    await this.#waiting.pass(step.trouble.gate, call.gone);
    return !call.gone.aborted;
  }

  /** The script whose key stands last in the conversation: earlier ones are history. */
  #choose(body: ModelRequestBody): { key: string; index: number; step: ModelStep } | undefined {
    const text = conversationOf(body);
    const found = [...this.#scripts]
      .map(([key, script]) => ({ key, script, at: text.lastIndexOf(key) }))
      .filter(({ script, at }) => at >= 0 && script.next < script.steps.length)
      .sort((a, b) => b.at - a.at)[0];
    if (!found) return undefined;
    const index = found.script.next;
    const step = found.script.steps[index]!;
    if (!step.forever) found.script.next++;
    return { key: found.key, index, step };
  }
}

/** Resolves when the bytes have left, so that a cut comes after them. */
function write(call: Call, event: string): Promise<void> {
  return new Promise((done) => call.response.write(event, () => done()));
}

function contextOf(key: string, index: number): string {
  return `${Buffer.from(key).toString("hex")}-${index}`;
}

function responseOf(step: ModelStep) {
  const { finishReason, usage } = step;
  if (step.error) {
    const { status, message = "scripted", code, retryAfter } = step.error;
    return { error: { message, code, type: code }, status, retryAfter };
  }
  const toolCalls = step.toolCalls?.map((call) => ({
    ...call,
    arguments: typeof call.arguments === "string" ? call.arguments : JSON.stringify(call.arguments),
  }));
  if (toolCalls && step.text) return { content: step.text, toolCalls, finishReason, usage };
  return toolCalls ? { toolCalls, finishReason, usage } : { content: step.text ?? "", finishReason, usage };
}

function streamingOf(step: ModelStep) {
  return { chunkSize: step.chunkSize ?? 20, latency: step.paceMs ?? 0 };
}

function passedOn(headers: Headers): Record<string, string> {
  const names = ["content-type", "retry-after"];
  return Object.fromEntries(names.flatMap((name) => (headers.has(name) ? [[name, headers.get(name)!]] : [])));
}

/** The server-sent events of an answer, one by one; another kind of body in one piece. */
async function* eventsOf(answer: Response): AsyncIterable<string> {
  let rest = "";
  for await (const text of answer.body!.pipeThrough(new TextDecoderStream())) {
    const events = (rest + text).split("\n\n");
    rest = events.pop()!;
    for (const event of events) yield `${event}\n\n`;
  }
  if (rest) yield rest;
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return Array.isArray(content) ? content.map((part) => part.text ?? "").join("\n") : "";
}

function conversationOf(body: ModelRequestBody): string {
  return body.messages
    .filter(({ role }) => role !== "tool")
    .map(({ content }) => textOf(content))
    .join("\n");
}

/** Everything that people said since the last answer. */
function echo(body: ModelRequestBody): string {
  const last = body.messages.findLastIndex(({ role }) => role === "assistant");
  const said = body.messages.slice(last + 1).filter(({ role }) => role === "user");
  return `You said: ${said.map(({ content }) => textOf(content)).join("\n")}`.slice(0, 3500);
}
