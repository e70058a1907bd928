import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { Connection } from "../../../bridge/link/connection.ts";
import type { Session } from "../../../bridge/link/session.ts";
import { CLOSE } from "../../../channels/frames.ts";

let http: Server;
let lines: WebSocket[];
let ended: string[];
let connection: Connection;
let answers: boolean;
const session = { opened() {}, closed() {}, heard() {}, health() {}, isOpen: true } as unknown as Session;

beforeEach(async () => {
  lines = [];
  ended = [];
  answers = true;
  http = createServer().listen(0, "127.0.0.1");
  await once(http, "listening");
  // A peer that is gone answers no ping.
  const server = new WebSocketServer({ server: http, autoPong: false });
  server.on("connection", (line) => {
    lines.push(line);
    line.on("ping", () => answers && line.pong());
    line.on("message", (data) => answers && String(data) === "ping" && line.send("pong"));
  });
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const options = { url: () => url, token: "t", say: () => undefined };
  connection = new Connection({ ...options, ended: (reason) => ended.push(reason) });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  connection.start(session);
  await reached(1);
});
afterEach(() => {
  connection.stop();
  vi.useRealTimers();
  http.closeAllConnections();
  http.close();
});

/** Lets time pass, bit by bit, until so many lines were made. Answers the milliseconds that passed. */
async function reached(count: number, mostMs = 60_000): Promise<number> {
  let passed = 0;
  for (; lines.length < count && passed < mostMs; passed += 100) await tick(100);
  expect(lines).toHaveLength(count);
  return passed;
}

async function tick(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  // Both ends are in this process: what was sent arrives within a few rounds.
  for (let round = 0; round < 20; round++) await new Promise((done) => setImmediate(done));
}

test("a line that is answered stays", async () => {
  for (let n = 0; n < 600; n++) await tick(100);
  expect(lines).toHaveLength(1);
});

test("a line on which nobody answers any more is made anew within ten seconds", async () => {
  answers = false;
  expect(await reached(2)).toBeLessThanOrEqual(10_000);
});

test("however long the Worker was away, the next try comes within four seconds", async () => {
  for (let n = 2; n < 12; n++) {
    lines.at(-1)!.terminate();
    await soonClosed();
    expect(await reached(n)).toBeLessThanOrEqual(4000);
  }
});

test("a line that another companion has is left to it", async () => {
  lines[0]!.close(CLOSE.superseded.code, "Another companion took over.");
  await soonClosed();
  await tick(60_000);
  expect(lines).toHaveLength(1);
  expect(ended).toEqual(["Another companion took over."]);
});

async function soonClosed(): Promise<void> {
  const line = lines.at(-1)!;
  for (let n = 0; n < 1000 && line.readyState !== line.CLOSED; n++)
    await new Promise((done) => setImmediate(done));
  await tick(0);
}
