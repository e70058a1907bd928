import { expect, test } from "vitest";
import type { Address } from "../../../channels/channel.ts";
import { type ConnectorState, PROTOCOL, type Up } from "../../../channels/frames.ts";
import type { Switchboard } from "../../../durable-objects/links/switchboard.ts";
import { Disk, Line, switchboardOn } from "./disk.ts";

const say = { do: "send" as const, chatId: "1", text: "hello" };

/** The Worker's side, which survives a restart by its disk alone. */
class Worker {
  readonly disk = new Disk();
  readonly knocked: Address[] = [];
  readonly told: string[] = [];
  now = 1_800_000_000_000;
  knock = async (address: Address) => void this.knocked.push(address);
  switchboard!: Switchboard;
  #line: Line | undefined;

  constructor() {
    this.restart();
  }

  restart(): void {
    const lines = () => (this.#line ? [this.#line] : []);
    const outside = {
      receive: async () => {},
      tellMain: async (_: string, text: string) => void this.told.push(text),
    };
    const knock = (address: Address) => this.knock(address);
    this.switchboard = switchboardOn(this.disk, lines, { ...outside, knock, now: () => this.now });
  }

  /** A group asks for something. */
  ask(n: number, channel = "whatsapp") {
    return this.switchboard.command(`c${n}`, channel, say, `${channel}:${n}`);
  }

  async companion(...connectors: ConnectorState[]): Promise<void> {
    this.#line ??= new Line(() => undefined);
    await this.says({ type: "hello", protocol: PROTOCOL, companion: "disk", version: "test", connectors });
  }

  async says(frame: Up): Promise<void> {
    await this.switchboard.heard(this.#line!, JSON.stringify(frame));
  }
}

test("who asked in vain is told when the companion is there, and once", async () => {
  const worker = new Worker();
  for (const n of [1, 2, 1]) expect(await worker.ask(n)).toMatchObject({ outcome: "absent" });
  worker.restart();
  await worker.companion();
  expect(worker.knocked.sort()).toEqual(["whatsapp:1", "whatsapp:2"]);
  await worker.companion();
  expect(worker.knocked).toHaveLength(2);
});

test("a group that cannot be told is told by the alarm", async () => {
  const worker = new Worker();
  const works = worker.knock;
  await worker.ask(1);
  worker.knock = async () => {
    throw new Error("the group broke");
  };
  await worker.companion();
  const { alarm } = worker.disk;
  expect(alarm).toBeLessThanOrEqual(worker.now + 60_000);
  worker.knock = works;
  worker.now = alarm!;
  await worker.switchboard.alarm();
  expect(worker.knocked).toEqual(["whatsapp:1"]);
});

test("a group that asks in vain again while it is told stays in the list", async () => {
  const worker = new Worker();
  await worker.ask(1);
  const works = worker.knock;
  const off: ConnectorState = { channel: "whatsapp", state: "logged out" };
  worker.knock = async (address) => {
    worker.knock = works;
    await worker.companion(off);
    expect(await worker.ask(1)).toMatchObject({ outcome: "absent" });
    await works(address);
  };
  await worker.companion();
  await worker.companion({ ...off, state: "ready" });
  expect(worker.knocked).toEqual(["whatsapp:1", "whatsapp:1"]);
});

test("only those are told whose account works, and a crowd is told bit by bit", async () => {
  const worker = new Worker();
  for (let n = 0; n < 100; n++) await worker.ask(n);
  await worker.ask(7, "discord");
  await worker.companion({ channel: "whatsapp", state: "linking" });
  expect(worker.knocked).toEqual(["discord:7"]);
  await worker.companion({ channel: "whatsapp", state: "ready" });
  const first = worker.knocked.length;
  expect(first).toBeLessThan(50);
  for (let round = 0; round < 10; round++) {
    worker.now += 1000;
    await worker.switchboard.alarm();
  }
  expect(new Set(worker.knocked).size).toBe(101);
  expect(worker.knocked).toHaveLength(101);
});

test.each([
  ["logged out", "channels login whatsapp"],
  ["failed", "WhatsApp has blocked this account."],
] as const)(
  "main is told once that an account is %s, also when it was before anybody listened",
  async (state, words) => {
    const worker = new Worker();
    const stopped = { channel: "whatsapp", state, problem: "WhatsApp has blocked this account." };
    const told = () => worker.told.filter((text) => text.includes(words)).length;
    for (const now of [stopped, { ...stopped, state: "connecting" as const }, stopped]) {
      await worker.companion(now);
      await worker.says({ type: "health", connectors: [now], waiting: 0 });
      worker.restart();
    }
    expect(told()).toBe(1);
    await worker.companion({ channel: "whatsapp", state: "ready" });
    await worker.says({ type: "health", connectors: [stopped], waiting: 0 });
    expect(told()).toBe(2);
  },
);

test("a file is asked for while the account connects, and comes as soon as it has", async () => {
  const worker = new Worker();
  await worker.companion({ channel: "whatsapp", state: "connecting" });
  const file = worker.switchboard.command("d1", "whatsapp", { do: "download", ref: "1/A" });
  await worker.says({ type: "result", seq: 1, id: "d1", result: { outcome: "done", media: "media/x" } });
  expect(await file).toEqual({ outcome: "done", media: "media/x" });
});

test("what a companion may have done already is said to be so", async () => {
  const worker = new Worker();
  await worker.companion();
  void worker.ask(1);
  await worker.companion({ channel: "whatsapp", state: "connecting" });
  expect(await worker.ask(1)).toMatchObject({ outcome: "absent", given: true });
  expect(await worker.ask(2)).not.toHaveProperty("given");
});
