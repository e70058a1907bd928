import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import type { ClientFrame, ServerFrame, ShownMessage } from "../../../channels/web/frames.ts";
import { Conversation } from "../../../cli/conversation.ts";
import { Seen } from "../../../cli/seen.ts";
import { soon } from "../../soon.ts";

let server: Server;
let group: WebSocket | undefined;
let history: ShownMessage[];
let file: string;
let told: string[];

/** A group that answers "re: …" to what is said, and keeps what it said. */
beforeEach(async () => {
  [history, told, file] = [[], [], join(mkdtempSync(join(tmpdir(), "seen-")), "cli-seen")];
  server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  new WebSocketServer({ server }).on("connection", (socket) => {
    group = socket;
    socket.on("message", (data) => answer(JSON.parse(String(data))));
  });
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function answer(frame: ClientFrame): void {
  if (frame.type === "hello")
    send({ type: "welcome", assistant: "Flare", model: "m", busy: false, messages: history, more: false });
  if (frame.type !== "send") return;
  send({ type: "accepted", key: frame.key, id: keep("person", frame.text).id });
  send({ type: "message", message: keep("assistant", `re: ${frame.text}`) });
}

const send = (frame: ServerFrame) => group!.send(JSON.stringify(frame));

function keep(from: ShownMessage["from"], text: string): ShownMessage {
  const message = { id: String(history.length).padStart(4, "0"), from, name: from, text, at: 1 };
  history.push(message);
  return message;
}

/** Opens the chat as a terminal does, or as a single `agent "…"`. */
async function open(terminal: boolean): Promise<Conversation> {
  const { port } = server.address() as AddressInfo;
  const target = { url: `http://127.0.0.1:${port}`, token: "t" };
  const show = terminal ? (text: string) => void told.push(text) : undefined;
  const conversation = new Conversation(target, new Seen(file, "here"), show);
  await conversation.open();
  if (terminal) await conversation.catchUp();
  return conversation;
}

test("what comes by itself between two exchanges is shown when it comes, and in no answer", async () => {
  const chat = await open(true);
  await chat.exchange("one");
  send({ type: "message", message: keep("assistant", "Jump!") });
  await soon(() => expect(told).toEqual(["Jump!"]));
  expect((await chat.exchange("two")).replies).toEqual(["re: two"]);
  chat.close();
});

test("what came while no terminal was open is shown once when the next one opens", async () => {
  keep("assistant", "before the first talk");
  (await open(true)).close();
  keep("assistant", "missed");
  for (const shown of [["missed"], []]) {
    (await open(true)).close();
    expect(told.splice(0)).toEqual(shown);
  }
});

test("a single message prints its answer alone, and the next terminal shows the rest", async () => {
  const single = await open(false);
  expect((await single.exchange("remind me")).replies).toEqual(["re: remind me"]);
  single.close();
  keep("assistant", "Jump!");
  const second = await open(false);
  expect((await second.exchange("hello")).replies).toEqual(["re: hello"]);
  second.close();
  (await open(true)).close();
  expect(told).toEqual(["Jump!"]);
});

test("what came while the connection was lost is shown when it is back", async () => {
  const chat = await open(true);
  await chat.exchange("one");
  keep("assistant", "meanwhile");
  group!.terminate();
  await soon(() => expect(told).toEqual(["meanwhile"]));
  chat.close();
});

test("what came while the connection was lost is shown also to who types before it is back", async () => {
  const chat = await open(true);
  await chat.exchange("one");
  group!.terminate();
  keep("assistant", "meanwhile");
  const { replies } = await chat.exchange("two", { said: (text) => void told.push(text) });
  expect([...told, ...replies].toSorted()).toEqual(["meanwhile", "re: two"]);
  chat.close();
});
