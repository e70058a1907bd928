import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StartedDiscordServer } from "@openclaw/crabline";
import { type Call, formIn, type Handler, json } from "./http.ts";
import type { DiscordCall, PeerAddresses } from "./protocol.ts";
import type { Waiting } from "./waiting.ts";

/** Loaded by Node itself: the Worker's projects would resolve its WebSocket server to the one of browsers. */
const { startDiscordServer } = createRequire(import.meta.url)(
  "../../node_modules/@openclaw/crabline/dist/src/index.js",
) as typeof import("@openclaw/crabline");

const UNKNOWN_WEBHOOK = { message: "Unknown Webhook", code: 10015 };

/** An interaction that Discord was told to wait for, and the message that came of it. */
interface Deferred {
  channelId: string;
  messageId?: string;
}

/**
 * Discord's API for tests. crabline is the server; this stands before it, keeps a log of the bot's calls, knows
 * interactions and nonces, which crabline has none of, and loses answers when a test asks for it.
 */
export class Discord {
  readonly calls: DiscordCall[] = [];
  readonly #keys = generateKeyPairSync("ed25519");
  readonly #deferred = new Map<string, Deferred>();
  readonly #nonces = new Map<string, Answer>();
  readonly #cuts = new Map<string, number>();
  readonly #waiting: Waiting;
  #server!: StartedDiscordServer;
  #folder!: string;

  constructor(waiting: Waiting) {
    this.#waiting = waiting;
  }

  async start(): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), "nanoflare-discord-"));
    this.#server = await startDiscordServer({ recorderPath: join(this.#folder, "calls.jsonl") });
  }

  async stop(): Promise<void> {
    await this.#server.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  addresses(root: string): PeerAddresses["discord"] {
    const { botToken, applicationId, fixture } = this.#server.manifest;
    const spki = this.#keys.publicKey.export({ format: "der", type: "spki" });
    const pkcs8 = this.#keys.privateKey.export({ format: "der", type: "pkcs8" });
    return {
      root,
      token: botToken,
      application: applicationId,
      channel: fixture.channelId,
      publicKey: spki.subarray(-32).toString("hex"),
      privateKey: pkcs8.toString("base64"),
    };
  }

  /** Discord has read that the answer comes later: from now on it may be given. */
  defer(token: string, channelId: string): void {
    this.#deferred.set(token, { channelId });
  }

  /** The next message to a channel is shown, and its answer lost. */
  cut(channelId: string): void {
    this.#cuts.set(channelId, (this.#cuts.get(channelId) ?? 0) + 1);
  }

  async query(path: string, atLeast: number, timeoutMs: number): Promise<DiscordCall[]> {
    const matching = () => this.calls.filter((call) => call.path.includes(path));
    await this.#waiting.until(() => matching().length >= atLeast, timeoutMs);
    return matching();
  }

  readonly handle: Handler = async (call) => {
    const body = await bodyOf(call);
    const path = call.path.replace(/^\/api\/v10/, "");
    const webhook = /^\/webhooks\/\d+\/([^/]+)(\/.*)?$/.exec(path);
    const answer = webhook
      ? await this.#interaction(call, decodeURIComponent(webhook[1]!))
      : await this.#once(call, body.nonce);
    this.calls.push({ at: Date.now(), method: call.method, path, body, status: answer.status });
    this.#waiting.changed();
    const channel = /^\/channels\/(\d+)\/messages$/.exec(path)?.[1] ?? "";
    const cuts = this.#cuts.get(channel) ?? 0;
    if (cuts > 0) {
      this.#cuts.set(channel, cuts - 1);
      return void call.response.destroy();
    }
    if (answer.value === undefined) return void call.response.writeHead(answer.status).end();
    json(call.response, answer.value, answer.status);
  };

  /** Where the same nonce came before, nothing new is made: Discord gives what it made then. */
  async #once(call: Call, nonce: unknown): Promise<Answer> {
    const known = typeof nonce === "string" ? this.#nonces.get(nonce) : undefined;
    if (known) return known;
    const answer = await this.#ask(call.method, call.path, call);
    if (typeof nonce === "string" && answer.status < 300) this.#nonces.set(nonce, answer);
    return answer;
  }

  /** The message of an interaction is one of the bot's in the channel. */
  async #interaction(call: Call, token: string): Promise<Answer> {
    const deferred = this.#deferred.get(token);
    if (!deferred) return { status: 404, value: UNKNOWN_WEBHOOK };
    const messages = `/api/v10/channels/${deferred.channelId}/messages`;
    if (call.method === "DELETE") {
      this.#deferred.delete(token);
      return { status: 204 };
    }
    if (call.method === "POST") return this.#ask("POST", messages, call);
    if (deferred.messageId) return this.#ask("PATCH", `${messages}/${deferred.messageId}`, call);
    const made = await this.#ask("POST", messages, call);
    deferred.messageId = (made.value as { id: string }).id;
    return made;
  }

  async #ask(method: string, path: string, call?: Call): Promise<Answer> {
    const { baseUrl, botToken } = this.#server.manifest;
    const type = call?.headers["content-type"] ?? "application/json";
    const headers = { "content-type": type, authorization: `Bot ${botToken}` };
    const body = call?.bytes.length ? new Uint8Array(call.bytes) : undefined;
    const answer = await fetch(`${baseUrl}${path}`, { method, headers, body });
    const text = await answer.text();
    return { status: answer.status, value: text ? JSON.parse(text) : undefined };
  }

  /** What people see in a channel, the oldest first. */
  async shown(channelId: string): Promise<string[]> {
    const { value } = await this.#ask("GET", `/api/v10/channels/${channelId}/messages?limit=100`);
    return (value as { content: string }[]).map(({ content }) => content).reverse();
  }
}

async function bodyOf(call: Call): Promise<Record<string, unknown>> {
  const form = await formIn(call);
  if (form) return { ...JSON.parse(form.fields.payload_json ?? "{}"), files: form.files };
  return call.body ? JSON.parse(call.body) : {};
}

interface Answer {
  status: number;
  value?: unknown;
}
