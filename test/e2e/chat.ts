import { randomUUID } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ClientFrame, ServerFrame, ShownMessage } from "../../channels/web/frames.ts";
import type { Install } from "./install.ts";

const WAIT_MS = 20_000;

/** A console page's view of a chat. */
export interface Chat {
  assistant: string;
  /** Resolves when the message is stored. */
  say(text: string, key?: string): Promise<void>;
  /** The first thing that the assistant said since the page was opened, or before if it is there. */
  reply(): Promise<string>;
  history(): Promise<ShownMessage[]>;
  close(): void;
}

/** Opens the socket of a chat with the admin token. */
export async function openChat(install: Install, address: string): Promise<Chat> {
  const token = readFileSync(join(install.stateDir, "admin-token"), "utf8").trim();
  const headers = { authorization: `Bearer ${token}` };
  const base = `${install.url}/api/chat/${address}`;
  const socket = new WebSocket(`${base.replace("http", "ws")}/socket`, { headers } as never);
  await once(socket as unknown as EventEmitter, "open");
  const frames = new EventEmitter();
  const messages: ShownMessage[] = [];
  socket.addEventListener("message", ({ data }) => {
    const frame = JSON.parse(String(data)) as ServerFrame;
    if (frame.type === "welcome") messages.push(...frame.messages);
    if (frame.type === "message") messages.push(frame.message);
    frames.emit(frame.type, frame);
  });
  const send = (frame: ClientFrame) => socket.send(JSON.stringify(frame));
  const next = (type: ServerFrame["type"]) => once(frames, type, { signal: AbortSignal.timeout(WAIT_MS) });
  const welcomed = next("welcome");
  send({ type: "hello" });
  const [{ assistant }] = await welcomed;
  return {
    assistant,
    say: async (text, key = randomUUID()) => {
      const accepted = next("accepted");
      send({ type: "send", key, text });
      await accepted;
    },
    reply: async () => {
      const said = () => messages.find(({ from }) => from === "assistant")?.text;
      while (said() === undefined) await next("message");
      return said()!;
    },
    history: async () => (await fetch(`${base}/history`, { headers })).json() as Promise<ShownMessage[]>,
    close: () => socket.close(),
  };
}
