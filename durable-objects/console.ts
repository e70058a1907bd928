import type { Message, Person } from "../channels/channel.ts";
import { channels } from "../channels/index.ts";
import type { ClientFrame, ServerFrame } from "../channels/web/frames.ts";
import { inboundFrom, parseClientFrame } from "../channels/web/receive.ts";
import type { Parts } from "./group.ts";
import type { Room } from "./room.ts";
import type { Receipt } from "./rpc.ts";
import { statusOf } from "./status.ts";

const PAGE = 50;
/** A reconnecting page gets these again, so that nothing which was on its way is missed; it knows them by id. */
const OVERLAP = 20;

/** The console's sockets: hibernating, so an open page costs nothing while nobody talks. */
export class Console {
  readonly #room: Room;
  readonly #parts: Parts;
  readonly #receive: (message: Message) => Promise<Receipt>;

  constructor(room: Room, parts: Parts, receive: (message: Message) => Promise<Receipt>) {
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
    if ("error" in frame) return send(socket, { type: "refused", text: frame.error });
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
    const row = {
      id,
      key: message.key,
      senderName: message.sender.name,
      text: message.text,
      sentAt: message.sentAt,
    };
    this.#room.broadcast(
      JSON.stringify({
        type: "message",
        message: this.#parts.transcript.shownInbox(row),
      } satisfies ServerFrame),
    );
  }

  busy(busy: boolean): void {
    this.#room.broadcast(JSON.stringify({ type: "busy", busy } satisfies ServerFrame));
  }

  async #answer(socket: WebSocket, frame: ClientFrame): Promise<void> {
    switch (frame.type) {
      case "hello":
        return this.#welcome(socket, frame.after);
      case "older": {
        const messages = this.#parts.transcript.history({ before: frame.before, limit: PAGE });
        return send(socket, { type: "older", messages, more: messages.length >= PAGE });
      }
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

  #welcome(socket: WebSocket, after: string | undefined): void {
    const recent = this.#parts.transcript.history({ limit: after ? OVERLAP : PAGE });
    const missed = after ? this.#parts.transcript.history({ after, limit: 500 }) : [];
    const messages = [...new Map([...recent, ...missed].map((message) => [message.id, message])).values()];
    messages.sort((a, b) => (a.id < b.id ? -1 : 1));
    send(socket, {
      type: "welcome",
      assistant: this.#room.config.ASSISTANT_NAME,
      model: statusOf(this.#room, this.#parts).model,
      busy: this.#parts.running(),
      messages,
      more: recent.length >= PAGE,
      ...this.#draft(),
    });
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
