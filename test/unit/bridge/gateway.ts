import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

const HELLO = 10;
const INVALID_SESSION = 9;
const IDENTIFY = 2;
const RESUME = 6;

/** Discord's Gateway and the little of its API that a connector asks, over a network that can go away. */
export class Gateway {
  /** What the API answers, by path; a status for what it refuses. */
  readonly answers = new Map<string, object | number>();
  readonly asked: string[] = [];
  /** How each connection began: a new session, or the one that went before with the last event that was had. */
  readonly began: ("identify" | { resume: string; seq: number })[] = [];
  /** Whether sessions are taken up again. */
  resumes = true;
  /** Closes whoever identifies with this code. */
  closesWith: number | undefined;
  /** Connections that the absent network broke. */
  broken = 0;
  #away = false;
  #http!: Server;
  #port = 0;
  readonly #lines = new Set<WebSocket>();
  #sequence = 0;
  #sessions = 0;

  get api(): string {
    return `http://127.0.0.1:${this.#port}/api`;
  }

  async open(): Promise<void> {
    this.#http = createServer(({ url = "" }, response) => {
      const path = url.replace("/api/v10", "");
      this.asked.push(path);
      const answer = this.answers.get(path) ?? this.#known(path) ?? 404;
      const isRefusal = typeof answer === "number";
      response.writeHead(isRefusal ? answer : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(isRefusal ? { code: 0, message: `status ${answer}` } : answer));
    });
    this.#http.on("connection", (socket) => {
      if (!this.#away) return;
      this.broken++;
      socket.destroy();
    });
    new WebSocketServer({ server: this.#http }).on("connection", (line) => this.#greet(line));
    this.#http.listen(0, "127.0.0.1");
    await once(this.#http, "listening");
    this.#port = (this.#http.address() as AddressInfo).port;
  }

  close(): void {
    this.goAway();
    this.#http.close();
  }

  /** Connections break, and none can be made. */
  goAway(): void {
    this.#away = true;
    for (const line of this.#lines) line.terminate();
    this.#http.closeAllConnections();
  }

  comeBack(): void {
    this.#away = false;
  }

  dispatch(t: string, d: object): void {
    for (const line of this.#lines) this.#send(line, { op: 0, s: ++this.#sequence, t, d });
  }

  #known(path: string): object | undefined {
    const session_start_limit = { total: 1000, remaining: 1000, reset_after: 0, max_concurrency: 1 };
    const url = `ws://127.0.0.1:${this.#port}`;
    if (path === "/gateway/bot") return { url, shards: 1, session_start_limit };
    return path === "/users/@me" ? { id: "1" } : undefined;
  }

  #greet(line: WebSocket): void {
    this.#lines.add(line);
    line.on("close", () => this.#lines.delete(line));
    line.on("message", (data) => this.#heard(line, JSON.parse(String(data))));
    this.#send(line, { op: HELLO, d: { heartbeat_interval: 60_000 } });
  }

  #heard(line: WebSocket, { op, d }: { op: number; d: { session_id: string; seq: number } }): void {
    if (op === RESUME) {
      this.began.push({ resume: d.session_id, seq: d.seq });
      if (!this.resumes) return this.#send(line, { op: INVALID_SESSION, d: false });
      this.#send(line, { op: 0, s: ++this.#sequence, t: "RESUMED", d: {} });
    }
    if (op !== IDENTIFY) return;
    this.began.push("identify");
    if (this.closesWith) return line.close(this.closesWith);
    const session_id = `session-${++this.#sessions}`;
    const ready = { v: 10, user: { id: "1", username: "flare" }, guilds: [], session_id };
    const d2 = { ...ready, resume_gateway_url: `ws://127.0.0.1:${this.#port}` };
    this.#send(line, { op: 0, s: ++this.#sequence, t: "READY", d: d2 });
  }

  #send(line: WebSocket, payload: object): void {
    line.send(JSON.stringify(payload));
  }
}

/** A message of a guild, as the Gateway tells it. */
export function guildMessage(id: string, content: string, channel: { id: string; type?: number }): object {
  return {
    ...{ id, content, channel_id: channel.id, guild_id: "7", type: 0 },
    ...(channel.type === undefined ? {} : { channel_type: channel.type }),
    timestamp: "2026-11-21T09:35:00.299000+00:00",
    author: { id: "55", username: "ann" },
    mentions: [],
    attachments: [],
  };
}
