import type { Message, Person } from "../channels/channel.ts";
import { channels } from "../channels/index.ts";
import type { Press } from "../channels/press.ts";
import type { ClientFrame, ServerFrame, ShownMessage } from "../channels/web/frames.ts";
import { inboundFrom, parseClientFrame, pressFrom } from "../channels/web/receive.ts";
import { withChoices } from "./approvals/with-choices.ts";
import type { Parts } from "./parts.ts";
import type { Room } from "./room.ts";
import type { Receipt } from "./rpc.ts";
import { statusOf } from "./status.ts";
import { tasksFrame } from "./tasks/frame.ts";

const PAGE = 50;
/** A reconnecting page gets these again, so that nothing which was on its way is missed; it knows them by id. */
const OVERLAP = 20;
/** A page that missed more than this begins anew, with the last messages. */
const MISSED = 100;

type Welcome = Extract<ServerFrame, { type: "welcome" }>;

/** The console's sockets: hibernating, so an open page costs nothing while nobody talks. */
export class Console {
  readonly #room: Room;
  readonly #parts: Parts;
  readonly #receive: (event: Message | Press) => Promise<Receipt>;

  #shownTasks = "";

  constructor(room: Room, parts: Parts, receive: (event: Message | Press) => Promise<Receipt>) {
    this.#room = room;
    this.#parts = parts;
    this.#receive = receive;
  }

  /** Accepts a socket for the person whom the door authenticated. */
  accept(request: Request): Response {
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      return new Response("Connect with a WebSocket.", { status: 426 });
    }
    const sender = senderOf(request);
    if (!sender) return new Response("The door did not say who you are.", { status: 403 });
    const pair = new WebSocketPair();
    this.#room.ctx.acceptWebSocket(pair[1]);
    pair[1].serializeAttachment(sender);
    return new Response(null, { status: 101, webSocket: pair[0] });
  }

  async message(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    const frame = parseClientFrame(typeof data === "string" ? data : "");
    if ("error" in frame) {
      const { error, ...about } = frame;
      return send(socket, { type: "refused", ...about, text: error });
    }
    try {
      await this.#answer(socket, frame);
    } catch (error) {
      this.#room.report("a console frame failed", error);
      const key = frame.type === "send" ? { key: frame.key } : {};
      send(socket, { type: "refused", ...key, text: "That could not be stored. Try again." });
    }
  }

  /** Shows a person's message to every open page. */
  show(id: string, message: Message): void {
    const { key, text, sentAt, sender } = message;
    this.#show(this.#parts.transcript.shownInbox({ id, key, text, sentAt, senderName: sender.name }));
  }

  /** A turn ended. What was said in it and got no answer is shown again, with a note now. */
  ended(turn: string): void {
    this.busy(false);
    for (const row of this.#parts.inbox.of(turn)) {
      const shown = this.#parts.transcript.shownInbox(row);
      if (shown.note) this.#show(shown);
    }
  }

  /** Shows the tasks to every open page, where they differ from what was shown last. */
  tasks(): void {
    if (this.#room.ctx.getWebSockets().length === 0) {
      this.#shownTasks = "";
      return;
    }
    const { now, ...frame } = tasksFrame(this.#room);
    const shown = JSON.stringify(frame);
    if (shown === this.#shownTasks) return;
    this.#shownTasks = shown;
    this.#room.broadcast(JSON.stringify({ ...frame, now }));
  }

  busy(busy: boolean): void {
    this.#room.broadcast(JSON.stringify({ type: "busy", busy } satisfies ServerFrame));
  }

  #show(message: ShownMessage): void {
    this.#room.broadcast(JSON.stringify({ type: "message", message } satisfies ServerFrame));
  }

  async #answer(socket: WebSocket, frame: ClientFrame): Promise<void> {
    switch (frame.type) {
      case "hello":
        return this.#welcome(socket, frame.after);
      case "older": {
        const messages = this.#history({ before: frame.before, limit: PAGE });
        return send(socket, { type: "older", messages, more: messages.length >= PAGE });
      }
      case "press":
        return this.#press(socket, frame);
      case "stop":
        this.#parts.stop();
        return;
      case "send":
        return this.#send(socket, frame);
    }
  }

  async #send(socket: WebSocket, frame: ClientFrame & { type: "send" }): Promise<void> {
    const sender = socket.deserializeAttachment() as Person;
    const message = inboundFrom(frame, { address: this.#room.address, sender, now: this.#room.now() });
    const receipt = await this.#receive(message);
    if (receipt.outcome === "dropped")
      return send(socket, { type: "refused", key: frame.key, text: receipt.reason ?? "Not heard." });
    send(socket, { type: "accepted", key: frame.key, id: receipt.id ?? "" });
  }

  async #press(socket: WebSocket, frame: ClientFrame & { type: "press" }): Promise<void> {
    const sender = socket.deserializeAttachment() as Person;
    const press = pressFrom(frame, { address: this.#room.address, sender, now: this.#room.now() });
    const receipt = await this.#receive(press);
    if (receipt.outcome === "dropped")
      send(socket, { type: "refused", text: receipt.reason ?? "Not heard." });
  }

  #welcome(socket: WebSocket, after: string | undefined): void {
    send(socket, {
      type: "welcome",
      assistant: this.#room.config.ASSISTANT_NAME,
      model: statusOf(this.#room, this.#parts).model,
      busy: this.#parts.running(),
      ...this.#since(after),
      ...this.#draft(),
    });
    send(socket, tasksFrame(this.#room));
  }

  #since(after: string | undefined): Pick<Welcome, "messages" | "more" | "anew"> {
    const missed = after ? this.#history({ after, limit: MISSED }) : [];
    if (!after || missed.length >= MISSED) {
      const messages = this.#history({ limit: PAGE });
      return { messages, more: messages.length >= PAGE, ...(after ? { anew: true } : {}) };
    }
    const recent = this.#history({ limit: OVERLAP });
    const byId = new Map([...recent, ...missed].map((message) => [message.id, message]));
    return { messages: [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1)), more: false };
  }

  #history(range: { before?: string; after?: string; limit: number }): ShownMessage[] {
    return withChoices(this.#room, this.#parts.transcript.history(range));
  }

  /** A page that opens in the middle of an answer sees what the others see. */
  #draft(): { draft?: string } {
    const [part] = channels.web!.render(this.#parts.draft());
    return part ? { draft: part.body } : {};
  }
}

function send(socket: WebSocket, frame: ServerFrame): void {
  socket.send(JSON.stringify(frame));
}

/** The door's word on who connects; the door removes this header from what comes from outside. */
function senderOf(request: Request): Person | undefined {
  const header = request.headers.get("x-nanoflare-sender");
  return header ? (JSON.parse(decodeURIComponent(header)) as Person) : undefined;
}
