import { beforeEach, expect, test } from "vitest";
import { Session } from "../../../bridge/link/session.ts";
import { Store } from "../../../bridge/link/store.ts";
import type { Down, Up } from "../../../channels/frames.ts";

const START = 1_800_000_000_000;
let now: number;
let sent: Extract<Up, { seq: number }>[];
let looks: number[];
let said: string[];
let store: Store;
let session: Session;

beforeEach(() => {
  [now, sent, looks, said] = [START, [], [], []];
  store = new Store(":memory:");
  open();
});

/** A companion that was started, on the same disk. */
function open(): void {
  session = new Session(store, {
    version: "test",
    now: () => now,
    send: (frame) => void ("seq" in frame && sent.push(frame)),
    connectors: () => [],
    work: () => undefined,
    hint: () => undefined,
    later: (ms) => void looks.push(ms),
    say: (line) => void said.push(line),
  });
}

const hears = (frame: Down) => session.heard(JSON.stringify(frame));
const deliver = (chat: number) =>
  session.deliver(`feishu:${chat}`, { type: "raw", channel: "feishu", event: { chat } });

/** The Worker does not take what is on its way; answers how long the next offer waits. */
function refused(afterMs = 2000): number {
  const { seq } = sent.at(-1)!;
  hears({ type: "refused", seq, reason: "It could not be stored.", afterMs });
  const pause = looks.at(-1)!;
  now += pause;
  session.look();
  return pause;
}

test("what the Worker cannot take yet is offered ever more slowly, told once, and never given up", () => {
  hears({ type: "welcome", epoch: 1 });
  deliver(1);
  const pauses = Array.from({ length: 12 }, () => refused());
  expect(pauses.slice(0, 4)).toEqual([2000, 4000, 8000, 16_000]);
  expect(Math.max(...pauses)).toBe(5 * 60_000);
  expect(said).toHaveLength(1);
  const { seq } = sent.at(-1)!;
  hears({ type: "ack", seqs: [seq] });
  expect(store.waiting()).toBe(0);
  deliver(1);
  expect(refused()).toBe(2000);
});

test("a chat that waits holds up no other, however many wait", () => {
  for (let chat = 0; chat < 200; chat++) {
    const seq = deliver(chat);
    store.postpone(seq, START + 60_000);
  }
  hears({ type: "welcome", epoch: 1 });
  expect(sent).toEqual([]);
  expect(looks).toEqual([60_000]);
  const seq = deliver(200);
  expect(sent.map((frame) => frame.seq)).toEqual([seq]);
  now += 60_000;
  session.look();
  expect(sent.length).toBeGreaterThan(30);
});

test("a large backlog goes out after a restart, each chat in order, and no chat waits for another's end", () => {
  const order = new Map<number, number[]>();
  for (let n = 0; n < 3000; n++) {
    const chat = n % 3 === 0 ? 0 : n;
    order.set(chat, [...(order.get(chat) ?? []), deliver(chat)]);
  }
  open();
  hears({ type: "welcome", epoch: 1 });
  const arrived = new Map<number, number[]>();
  for (let next = 0; next < sent.length; next++) {
    const frame = sent[next] as { seq: number; event: { chat: number } };
    const { seq, event } = frame;
    arrived.set(event.chat, [...(arrived.get(event.chat) ?? []), seq]);
    hears({ type: "ack", seqs: [seq] });
  }
  expect(store.waiting()).toBe(0);
  expect(arrived).toEqual(order);
  // The long chat takes turns with the others.
  const others = sent.slice(0, 1000).filter((frame) => frame.seq % 3 !== 1);
  expect(others.length).toBeGreaterThan(500);
});
