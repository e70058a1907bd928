import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Hands } from "../../../bridge/link/hands.ts";
import { Session } from "../../../bridge/link/session.ts";
import { Store } from "../../../bridge/link/store.ts";
import type { Inbound } from "../../../channels/channel.ts";
import type { Command, Result } from "../../../channels/frames.ts";
import type { Switchboard } from "../../../durable-objects/links/switchboard.ts";
import { Disk, Line, switchboardOn } from "./disk.ts";

function said(chat: number, n: number): Inbound {
  const id = `${chat}@lid`;
  return {
    kind: "message",
    address: `whatsapp:${id}`,
    key: `message:${chat}:${n}`,
    chat: { id, type: "direct" },
    sentAt: n,
    messageId: String(n),
    sender: { id, name: "Ann", isBot: false },
    text: `text ${n}`,
    mentioned: false,
    attachments: [],
  };
}

/** Both sides, each of which may be killed at any step, with frames on the wire that a kill loses. */
class World {
  now = 1_800_000_000_000;
  readonly worker = new Disk();
  readonly store = new Store(":memory:");
  /** What groups have, in order; a group knows an event by its key. */
  readonly stored = new Map<string, string[]>();
  readonly receipts: string[] = [];
  /** What the network was asked, by the id of the command. */
  readonly effects = new Map<string, number>();
  readonly order: string[] = [];
  readonly told: string[] = [];
  failing = 0;
  #wire: (() => unknown)[] = [];
  /** Commands that the network has not answered yet. */
  #working: (() => void)[] = [];
  #line: Line | undefined;
  switchboard!: Switchboard;
  session!: Session;
  hands!: Hands;

  constructor() {
    this.killWorker();
    this.killCompanion();
  }

  killWorker(): void {
    this.#break();
    const receive = async (event: Inbound) => {
      if (this.failing > 0) {
        this.failing--;
        throw new Error("the group broke");
      }
      const known = this.stored.get(event.address) ?? [];
      this.receipts.push(event.key);
      if (!known.includes(event.key)) this.stored.set(event.address, [...known, event.key]);
    };
    const tellMain = async (_: string, text: string) => void this.told.push(text);
    const lines = () => (this.#line ? [this.#line] : []);
    this.switchboard = switchboardOn(this.worker, lines, { now: () => this.now, receive, tellMain });
  }

  killCompanion(): void {
    this.#break();
    let alive = true;
    this.#alive?.();
    this.#alive = () => {
      alive = false;
    };
    const run = async (id: string, command: Command): Promise<Result> => {
      // A network that knows a message by its id shows it once, however often it is sent.
      const times = this.effects.get(id) ?? 0;
      this.effects.set(id, times + 1);
      if (times === 0 && command.do === "send") this.order.push(`${command.chatId}:${command.text}`);
      await new Promise<void>((done) => this.#working.push(done));
      if (!alive) return new Promise(() => undefined);
      return { outcome: "done", messageId: `m-${id}` };
    };
    const connector = { channel: "whatsapp", start() {}, stop: async () => {}, run, hint: async () => {} };
    const state = () => ({ channel: "whatsapp", state: "ready" as const });
    const hands = new Hands(this.store, new Map([["whatsapp", { ...connector, state }]]), () =>
      this.session.pump(),
    );
    this.hands = hands;
    this.session = new Session(this.store, {
      version: "test",
      now: () => this.now,
      send: (frame) => this.#up(JSON.stringify(frame)),
      connectors: () => [state()],
      work: () => hands.look(),
      hint: () => undefined,
      later: () => undefined,
      say: () => undefined,
    });
    hands.look();
  }
  #alive: (() => void) | undefined;

  connect(): void {
    this.#break();
    const line: Line = new Line((text) =>
      this.#wire.push(() => this.#line === line && this.session.heard(text)),
    );
    this.#line = line;
    this.session.opened();
  }

  #up(text: string): void {
    const line = this.#line;
    if (line) this.#wire.push(() => this.#line === line && this.switchboard.heard(line, text));
  }

  #break(): void {
    const line = this.#line;
    this.#line = undefined;
    this.#wire = [];
    this.session?.closed();
    if (line) {
      line.close(1006, "");
      this.switchboard.closed(line);
    }
  }

  /** Lets so many frames arrive. */
  async carry(most: number): Promise<void> {
    for (let n = 0; n < most; n++) {
      await this.#wire.shift()?.();
      this.#working.shift()?.();
      await new Promise((done) => setImmediate(done));
    }
  }

  #busy(): boolean {
    return this.#wire.length + this.#working.length > 0;
  }

  async settle(): Promise<void> {
    this.failing = 0;
    for (let round = 0; round < 50; round++) {
      this.now += 10_000;
      if (!this.#line || this.#line.closed) this.connect();
      this.session.pump();
      for (let n = 0; n < 100 && this.#busy(); n++) await this.carry(1);
      if (this.store.waiting() === 0 && this.store.open().length === 0 && !this.#busy()) return;
    }
  }
}

type Act =
  | { act: "event"; chat: number }
  | { act: "command"; chat: number }
  | { act: "carry"; frames: number }
  | { act: "kill worker" | "kill companion" | "connect" | "group fails" };

const acts: fc.Arbitrary<Act> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ act: fc.constant("event" as const), chat: fc.nat(2) }) },
  { weight: 4, arbitrary: fc.record({ act: fc.constant("command" as const), chat: fc.nat(2) }) },
  { weight: 6, arbitrary: fc.record({ act: fc.constant("carry" as const), frames: fc.nat(8) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constantFrom(
        "kill worker" as const,
        "kill companion" as const,
        "connect" as const,
        "group fails" as const,
      ),
    }),
  },
);

// Nobody waits half a minute for a side that was killed.
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

describe("companion and Worker, killed at any moment", () => {
  test("lose no event and double none, and keep the order of each chat", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(acts, { maxLength: 60 }), async (plan) => {
        const world = new World();
        const accepted = new Map<string, string[]>();
        for (const [n, act] of plan.entries()) {
          if (act.act === "event") {
            const event = said(act.chat, n);
            accepted.set(event.address, [...(accepted.get(event.address) ?? []), event.key]);
            world.session.deliver(event.address, { type: "event", event });
          } else await play(world, act, n);
        }
        await world.settle();
        expect(world.stored).toEqual(accepted);
      }),
      { numRuns: 60 },
    );
  });

  test("do each command that was accepted, in the order of each chat, and answer it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(acts, { maxLength: 60 }), async (plan) => {
        const world = new World();
        world.connect();
        await world.carry(5);
        const asked: { id: string; text: string }[] = [];
        for (const [n, act] of plan.entries()) {
          if (act.act === "command") asked.push({ id: `c${n}`, text: `${act.chat}:${n}` });
          if (act.act !== "event") await play(world, act, n);
        }
        await world.settle();
        const texts = asked.filter(({ id }) => world.effects.has(id)).map(({ text }) => text);
        for (const chat of ["0", "1", "2"]) {
          const mine = (list: string[]) => list.filter((text) => text.startsWith(`${chat}:`));
          expect(mine(world.order)).toEqual(mine(texts));
        }
        // Who asks again under the same id gets the answer, and nothing is done twice.
        const before = new Map(world.effects);
        for (const { id, text } of asked.filter(({ id }) => before.has(id))) {
          const [chatId, words] = text.split(":") as [string, string];
          const answer = world.switchboard.command(id, "whatsapp", { do: "send", chatId, text: words });
          await world.settle();
          expect(await answer).toEqual({ outcome: "done", messageId: `m-${id}` });
        }
        expect([...world.effects.keys()].sort()).toEqual([...before.keys()].sort());
      }),
      { numRuns: 40 },
    );
  });
});

async function play(world: World, act: Act, n: number): Promise<void> {
  switch (act.act) {
    case "command":
      void world.switchboard.command(`c${n}`, "whatsapp", {
        do: "send",
        chatId: String(act.chat),
        text: String(n),
      });
      return;
    case "carry":
      return world.carry(act.frames);
    case "kill worker":
      return world.killWorker();
    case "kill companion":
      return world.killCompanion();
    case "connect":
      return world.connect();
    case "group fails":
      world.failing = 1;
  }
}
