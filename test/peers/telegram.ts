import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type StartedTelegramServer, startTelegramServer } from "@openclaw/crabline";
import { type Call, formIn, type Handler, json } from "./http.ts";
import type { CallQuery, TelegramCall, TelegramFault } from "./protocol.ts";
import type { Waiting } from "./waiting.ts";

/**
 * A Telegram Bot API for tests. crabline is the server; this stands before it, keeps a log of the bot's calls, makes the
 * faults that a test asks for, and serves files, which crabline has none of.
 */
export class Telegram {
  readonly calls: TelegramCall[] = [];
  readonly #faults = new Map<string, TelegramFault[]>();
  readonly #files = new Map<string, Buffer>();
  readonly #waiting: Waiting;
  #server!: StartedTelegramServer;
  #folder!: string;
  #lastUpload = 5_000_000;

  constructor(waiting: Waiting) {
    this.#waiting = waiting;
  }

  async start(): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), "nanoflare-telegram-"));
    this.#server = await startTelegramServer({ recorderPath: join(this.#folder, "calls.jsonl") });
  }

  async stop(): Promise<void> {
    await this.#server.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  get token(): string {
    return this.#server.manifest.botToken;
  }

  fault(chatId: string, faults: TelegramFault[]): void {
    this.#faults.set(chatId, [...(this.#faults.get(chatId) ?? []), ...faults]);
  }

  /** A file as `getFile` finds it. */
  put(fileId: string, bytes: Buffer): void {
    this.#files.set(fileId, bytes);
  }

  async query({
    chatId,
    method = "sendMessage",
    atLeast = 0,
    timeoutMs = 30_000,
  }: CallQuery): Promise<TelegramCall[]> {
    const matching = () =>
      this.calls.filter(
        (call) =>
          (chatId === undefined || call.chatId === String(chatId)) &&
          (method === "*" || call.method.toLowerCase() === method.toLowerCase()),
      );
    await this.#waiting.until(() => matching().length >= atLeast, timeoutMs);
    return matching();
  }

  readonly handle: Handler = async (call) => {
    const file = /^\/file\/bot[^/]+\/files\/(.+)$/.exec(call.path);
    if (file) return await this.#serveFile(decodeURIComponent(file[1]!), call);
    const method = call.path.split("/").at(-1)!;
    const body = await bodyOf(call);
    const began = Date.now();
    const fault = this.#faultFor(String(body.chat_id ?? ""), method);
    if (fault && "gate" in fault) await this.#waiting.pass(fault.gate, call.gone);
    if (fault && "status" in fault) return this.#refuse(call, method, body, fault);
    if (fault && "cut" in fault && fault.cut === "before") {
      this.#log({ method, body, began }, "lost", 0);
      return void call.response.destroy();
    }
    const answer = await this.#ask(call, method, body);
    const outcome = answer.status < 300 ? "shown" : "refused";
    this.#log({ method, body, began }, outcome, answer.status, messageIdOf(answer));
    if (fault && "cut" in fault) return void call.response.destroy();
    json(call.response, answer.value, answer.status);
  };

  async #ask(call: Call, method: string, body: Record<string, unknown>): Promise<Answer> {
    if (method === "getFile") return this.#describeFile(String(body.file_id));
    if (UPLOADS.has(method)) return { status: 200, value: { ok: true, result: this.#uploaded(method) } };
    if (method === "sendMessageDraft" || method === "setMessageReaction")
      return { status: 200, value: { ok: true, result: true } };
    const url = `${this.#server.manifest.baseUrl}${call.path}${call.url.search}`;
    const headers = { "content-type": call.headers["content-type"] ?? "application/json" };
    const answer = await fetch(url, { method: call.method, headers, body: call.body || undefined });
    return { status: answer.status, value: (await answer.json()) as Answer["value"] };
  }

  /** crabline takes no files. */
  #uploaded(method: string): unknown {
    const message = { message_id: ++this.#lastUpload };
    return method === "sendMediaGroup" ? [message] : message;
  }

  #describeFile(fileId: string): Answer {
    const bytes = this.#files.get(fileId);
    if (!bytes)
      return {
        status: 400,
        value: { ok: false, description: "Bad Request: file not found", error_code: 400 },
      };
    const result = {
      file_id: fileId,
      file_unique_id: fileId,
      file_size: bytes.length,
      file_path: `files/${fileId}`,
    };
    return { status: 200, value: { ok: true, result } };
  }

  /** A file's faults stand under its id, for the method `file`; they come when half of it is out. */
  async #serveFile(fileId: string, call: Call): Promise<void> {
    const bytes = this.#files.get(fileId);
    if (!bytes) return void call.response.writeHead(404).end();
    const half = Math.ceil(bytes.length / 2);
    call.response.writeHead(200, { "content-length": bytes.length });
    await new Promise((done) => call.response.write(bytes.subarray(0, half), done));
    const fault = this.#faultFor(fileId, "file");
    if (fault && "gate" in fault) await this.#waiting.pass(fault.gate, call.gone);
    if (fault && "cut" in fault) return void call.response.destroy();
    call.response.end(bytes.subarray(half));
  }

  #faultFor(chatId: string, method: string): TelegramFault | undefined {
    const faults = this.#faults.get(chatId) ?? [];
    const index = faults.findIndex(
      (fault) => (fault.method ?? "sendMessage").toLowerCase() === method.toLowerCase(),
    );
    return index < 0 ? undefined : faults.splice(index, 1)[0];
  }

  #refuse(
    call: Call,
    method: string,
    body: Record<string, unknown>,
    fault: Extract<TelegramFault, { status: number }>,
  ): void {
    this.#log({ method, body, began: Date.now() }, "refused", fault.status);
    const answer = { ok: false, error_code: fault.status, description: fault.description, ...fault.body };
    json(call.response, answer, fault.status);
  }

  #log(
    made: Pick<TelegramCall, "method" | "body" | "began">,
    outcome: TelegramCall["outcome"],
    status: number,
    messageId?: number,
  ) {
    const chatId = String(made.body.chat_id ?? "");
    this.calls.push({ ...made, at: Date.now(), chatId, outcome, status, messageId });
    this.#waiting.changed();
  }
}

const UPLOADS = new Set(["sendPhoto", "sendDocument", "sendMediaGroup"]);

interface Answer {
  status: number;
  value: { ok: boolean; result?: unknown; description?: string; error_code?: number };
}

function messageIdOf(answer: Answer): number | undefined {
  return (answer.value.result as { message_id?: number } | undefined)?.message_id;
}

async function bodyOf(call: Call): Promise<Record<string, unknown>> {
  const form = await formIn(call);
  if (form) return { ...form.fields, files: form.files };
  if (call.body.startsWith("{")) return JSON.parse(call.body) as Record<string, unknown>;
  return Object.fromEntries(call.url.searchParams);
}
