import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StartedFeishuServer } from "@openclaw/crabline";
import { type Call, formIn, type Handler, json } from "./http.ts";
import type { FeishuCall, PeerAddresses } from "./protocol.ts";
import type { Waiting } from "./waiting.ts";

/** Loaded by Node itself: the Worker's projects would resolve its WebSocket server to the one of browsers. */
const { startFeishuServer } = createRequire(import.meta.url)(
  "../../node_modules/@openclaw/crabline/dist/src/index.js",
) as typeof import("@openclaw/crabline");

/**
 * Feishu's REST API for tests. crabline is the server; this stands before it, keeps a log of the app's calls, refuses
 * what a test asks it to, and answers edits and reactions, which crabline has none of.
 */
export class Feishu {
  readonly calls: FeishuCall[] = [];
  readonly #refusals = new Map<string, number[]>();
  readonly #waiting: Waiting;
  #server!: StartedFeishuServer;
  #folder!: string;

  constructor(waiting: Waiting) {
    this.#waiting = waiting;
  }

  async start(): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), "nanoflare-feishu-"));
    const recorderPath = join(this.#folder, "calls.jsonl");
    this.#server = await startFeishuServer({ recorderPath, maxPendingEvents: 10_000 });
  }

  async stop(): Promise<void> {
    await this.#server.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  addresses(root: string): PeerAddresses["feishu"] {
    const { appId, appSecret, botOpenId } = this.#server.manifest;
    return { root, appId, appSecret, botOpenId };
  }

  /** A message of a person, so that it can be answered. */
  async admit(message: Record<string, unknown>): Promise<void> {
    const { endpoints, adminToken } = this.#server.manifest;
    const headers = { authorization: `Bearer ${adminToken}`, "content-type": "application/json" };
    const body = JSON.stringify(message);
    const answer = await fetch(endpoints.adminInboundUrl, { method: "POST", headers, body });
    if (!answer.ok) throw new Error(`crabline: ${await answer.text()}`);
  }

  /** The next message to this chat is refused with this code. */
  refuse(chatId: string, code: number): void {
    this.#refusals.set(chatId, [...(this.#refusals.get(chatId) ?? []), code]);
  }

  /** The calls whose path or body names this, in order, after waiting for so many. */
  async query(containing: string, atLeast = 0, timeoutMs = 30_000): Promise<FeishuCall[]> {
    const matching = () =>
      this.calls.filter(({ path, body }) => (path + JSON.stringify(body)).includes(containing));
    await this.#waiting.until(() => matching().length >= atLeast, timeoutMs);
    return matching();
  }

  readonly handle: Handler = async (call) => {
    const form = await formIn(call);
    const body: Record<string, unknown> = form
      ? { ...form.fields, files: form.files }
      : JSON.parse(call.body || "{}");
    const code = this.#refusals.get(String(body.receive_id))?.shift();
    const answer = code ? { status: 400, value: { code, msg: "refused" } } : await this.#ask(call);
    const path = call.path.replace("/open-apis", "") + call.url.search;
    if (!path.startsWith("/auth/"))
      this.calls.push({ method: call.method, path, body, status: answer.status });
    this.#waiting.changed();
    json(call.response, answer.value, answer.status);
  };

  async #ask(call: Call): Promise<{ status: number; value: unknown }> {
    const kind = /\/im\/v1\/(image|file)s$/.exec(call.path)?.[1];
    if (kind)
      return { status: 200, value: { code: 0, msg: "success", data: { [`${kind}_key`]: `${kind}_1` } } };
    if (call.method === "PUT" || call.path.includes("/reactions")) {
      const items = [{ reaction_id: "sign", operator: { operator_id: "cli", operator_type: "app" } }];
      return { status: 200, value: { code: 0, msg: "success", data: { items } } };
    }
    const { authorization = "", "content-type": type = "application/json" } = call.headers;
    const url = `${this.#server.manifest.baseUrl}${call.path}${call.url.search}`;
    const headers = { authorization, "content-type": type };
    const answer = await fetch(url, { method: call.method, headers, body: call.body || undefined });
    return { status: answer.status, value: await answer.json() };
  }
}
