import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { Companion } from "../../../bridge/companion.ts";
import { CLOSE, type Up } from "../../../channels/frames.ts";
import { soon } from "../../soon.ts";

let worker: Server;
/** WhatsApp that takes a call and says nothing. */
let whatsapp: TcpServer;
let line: WebSocket | undefined;
let heard: Up[];
let said: string[];
let companion: Companion;

beforeEach(async () => {
  [heard, said, line] = [[], [], undefined];
  worker = createServer().listen(0, "127.0.0.1");
  whatsapp = createTcpServer().listen(0, "127.0.0.1");
  await Promise.all([once(worker, "listening"), once(whatsapp, "listening")]);
  new WebSocketServer({ server: worker }).on("connection", (socket) => {
    line = socket;
    socket.on("message", (data) => heard.push(JSON.parse(String(data))));
    socket.send(JSON.stringify({ type: "welcome", epoch: 1 }));
  });
  const portOf = (server: Server | TcpServer) => (server.address() as AddressInfo).port;
  const config = {
    url: () => `http://127.0.0.1:${portOf(worker)}`,
    token: "t",
    folder: mkdtempSync(join(tmpdir(), "companion-")),
    whatsapp: { enabled: true, shared: false, url: `ws://127.0.0.1:${portOf(whatsapp)}` },
    logLevel: "silent",
    problems: [],
  };
  companion = new Companion(config, (text) => void said.push(text));
});
afterEach(async () => {
  await companion.stop();
  worker.closeAllConnections();
  worker.close();
  whatsapp.close();
});

test("how an account is after a command is told before the command's result", async () => {
  companion.start();
  await soon(() => expect(heard).toMatchObject([{ type: "hello" }]));
  line!.send(JSON.stringify({ type: "command", id: "c1", channel: "whatsapp", command: { do: "link" } }));
  await soon(() => expect(heard.some(({ type }) => type === "result")).toBe(true));
  const before = heard.slice(
    0,
    heard.findIndex(({ type }) => type === "result"),
  );
  expect(before.at(-1)).toMatchObject({ type: "health", connectors: [{ state: "linking" }] });
});

test.each([
  [CLOSE.superseded.code, "stop the other companion"],
  [CLOSE.version.code, "same version"],
])(
  "one that was sent away (%i) says what to do, and stays, so that nobody starts it again",
  async (code, fix) => {
    companion.start();
    await soon(() => expect(heard).toHaveLength(1));
    const keep = vi.spyOn(globalThis, "setInterval");
    line!.close(code, "The line is taken.");
    await soon(() => expect(said.at(-1)).toMatch(/^The line is taken\. This companion rests/));
    expect(said.at(-1)).toContain(fix);
    expect(keep.mock.results.filter(({ value }) => (value as NodeJS.Timeout).hasRef())).toHaveLength(1);
    keep.mockRestore();
  },
);

test("an account that cannot be linked because WhatsApp is not there says so, and blames nobody", async () => {
  whatsapp.close();
  companion.start();
  await soon(() => expect(heard).toMatchObject([{ type: "hello" }]));
  line!.send(JSON.stringify({ type: "command", id: "c1", channel: "whatsapp", command: { do: "link" } }));
  const problem = expect.stringMatching(/^WhatsApp cannot be reached \(.*ECONNREFUSED.*\)\.$/);
  await soon(() =>
    expect(heard.at(-1)).toMatchObject({ type: "health", connectors: [{ state: "not linked", problem }] }),
  );
  expect(said.at(-1)).toEqual(problem);
});
