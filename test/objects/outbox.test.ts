import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { addressOf, type Send, type Sent } from "../../channels/channel.ts";
import { channels } from "../../channels/index.ts";
import { Group } from "../../durable-objects/group.ts";
import { soon } from "../soon.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
let serial = 9_400_000;

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A chat of a channel that answers what the test says, `sent` after that. Time stands still. */
async function chatOn(
  name: string,
  outcomes: Sent[],
  work: (chat: {
    group: Group;
    calls: Exclude<Send, { type: "typing" }>[];
    row(): Record<string, unknown>;
    change(columns: string): void;
    later(ms: number): Promise<void>;
  }) => Promise<void>,
  vars: object = {},
) {
  const calls: Parameters<Parameters<typeof chatOn>[2]>[0]["calls"] = [];
  vi.spyOn(channels[name]!, "send").mockImplementation(async (send) => {
    calls.push(send as (typeof calls)[number]);
    return outcomes.shift() ?? { outcome: "sent", messageId: `m${calls.length}` };
  });
  await runInDurableObject(env.GROUP.getByName(addressOf(name, String(++serial))), async (_, state) => {
    // So far ahead that the platform's own alarm does not ring.
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + DAY });
    const group = new Group(state, { ...env, ...vars } as Env);
    const { sql } = state.storage;
    await work({
      group,
      calls,
      row: () => sql.exec("select * from outbox").one(),
      change: (columns) => void sql.exec(`update outbox set ${columns}`),
      async later(ms) {
        vi.setSystemTime(Date.now() + ms);
        await group.alarm();
      },
    });
  });
}

const lost: Sent = { outcome: "unknown", reason: "The connection was lost.", mayRepeat: true };

test("what cannot be reached at all is tried for a day, ever more slowly, and is a dead letter then", async () => {
  const away: Sent = { outcome: "retry", unreached: true, afterMs: 1000, reason: "Nobody is there." };
  await chatOn("telegram", Array(500).fill(away), async ({ group, calls, row, later }) => {
    await group.notify("news", "Rain today.");
    const pauses = [];
    for (let n = 1; n <= 40; n++) {
      await soon(() => expect([calls.length, row().state]).toEqual([n, "queued"]));
      // In seconds: waiting moves the clock by some milliseconds.
      pauses.push(Math.round((Number(row().nextAt) - Date.now()) / 1000));
      await later(Number(row().nextAt) - Date.now());
    }
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect([pauses[0], pauses.at(-1)]).toEqual([1, 300]);
    expect(row().attempts).toBe(0);
    await soon(() => expect([calls.length, row().state]).toEqual([41, "queued"]));
    await later(DAY);
    await soon(async () => expect(await group.deadLetters()).toMatchObject([{ state: "failed" }]));
    await group.resend((await group.deadLetters())[0]!.id);
    await soon(() => expect([calls.length, row().state]).toEqual([43, "queued"]));
  });
});

test("a send is repeated within the window of the platform's key and not after it", async () => {
  await chatOn("discord", [lost, lost], async ({ group, calls, row, later }) => {
    await group.notify("news", "Rain today.");
    await soon(() => expect(row()).toMatchObject({ state: "sending", reason: "The connection was lost." }));
    await later(Number(row().nextAt) - Date.now());
    await soon(() => expect(calls).toHaveLength(2));
    expect((calls[1] as { key: string }).key).toBe((calls[0] as { key: string }).key);
    await soon(() => expect(Number(row().nextAt)).toBeGreaterThan(Date.now()));
    // The object slept for longer than it was to pause.
    await later(3 * MINUTE);
    await soon(() => expect(row().state).toBe("unknown"));
    expect(calls).toHaveLength(2);
  });
});

test("the window of a key begins with the first send, however long the message waited before", async () => {
  const busy: Sent = { outcome: "retry", afterMs: 10 * MINUTE, reason: "Busy." };
  await chatOn("discord", [busy, lost], async ({ group, calls, row, later }) => {
    await group.notify("news", "Rain today.");
    await soon(() => expect([calls.length, row().state]).toEqual([1, "queued"]));
    await later(10 * MINUTE);
    await soon(() => expect([row().reason, row().state]).toEqual(["The connection was lost.", "sending"]));
    await later(Number(row().nextAt) - Date.now());
    await soon(() => expect([calls.length, row().state]).toEqual([3, "sent"]));
  });
});

test.each([
  ["discord", MINUTE, 2, "sent"],
  ["discord", 3 * MINUTE, 1, "unknown"],
  ["telegram", 3 * MINUTE, 2, "sent"],
])("on %s a send that a restart hid %i ms ago was made %i times: %s", async (name, age, times, state) => {
  await chatOn(name, [], async ({ group, calls, row, change, later }) => {
    await group.notify("news", "Rain today.");
    await soon(() => expect(row().state).toBe("sent"));
    change(`state = 'sending', boot = 'dead', part = 0, sentIds = '[]', attempts = 1`);
    await later(age);
    await soon(() => expect([row().boot, row().state]).not.toEqual(["dead", "sending"]));
    if (row().state === "sending") await later(Number(row().nextAt) - Date.now());
    await soon(() => expect([calls.length, row().state]).toEqual([times, state]));
  });
});

test("an edit has another key than its message, and where that was deleted it is said anew", async () => {
  const gone: Sent = { outcome: "failed", gone: true, reason: "Unknown Message" };
  await chatOn("discord", [{ outcome: "sent", messageId: "m1" }, gone], async (chat) => {
    const { group, calls, row, change, later } = chat;
    await group.notify("news", "Rain today.");
    await soon(() => expect(row().state).toBe("sent"));
    change(`state = 'queued', part = 0, attempts = 0`);
    await later(0);
    await soon(() => expect(row()).toMatchObject({ state: "sent", sentIds: '["m3"]' }));
    expect(calls).toMatchObject([
      { type: "message" },
      { type: "edit", messageId: "m1" },
      { type: "message" },
    ]);
    expect(new Set(calls.map((call) => "key" in call && call.key)).size).toBe(3);
    expect(await group.deadLetters()).toEqual([]);
  });
});

const saidOn = async (name: string, text: string, vars: object = {}) => {
  let bodies: string[] = [];
  await chatOn(
    name,
    [],
    async ({ group, calls, row }) => {
      await group.notify("news", text);
      await soon(() => expect(row().state).toBe("sent"));
      bodies = calls.flatMap((call) => ("part" in call ? call.part.plain : []));
    },
    vars,
  );
  return bodies;
};

test("on a number that may be its owner's all that is said begins with the assistant's name, once", async () => {
  expect(await saidOn("whatsapp", "Rain today.")).toEqual(["Flare: Rain today."]);
  expect(await saidOn("whatsapp", "Flare: Rain today.")).toEqual(["Flare: Rain today."]);
  expect(await saidOn("whatsapp", "Rain.", { ASSISTANT_NAME: "Ada" })).toEqual(["Ada: Rain."]);
  const long = await saidOn("whatsapp", "rain ".repeat(1500));
  expect(long.map((part) => part.startsWith("Flare: "))).toEqual([true, ...long.slice(1).map(() => false)]);
  expect((await saidOn("whatsapp", "- rain\n- wind"))[0]).toMatch(/^Flare:\n+[^\n]*rain\n[^\n]*wind/);
});

test("the name before what is said is switched off and on by a variable", async () => {
  expect(await saidOn("whatsapp", "Rain.", { WHATSAPP_PREFIX: "false" })).toEqual(["Rain."]);
  expect(await saidOn("telegram", "Rain.")).toEqual(["Rain."]);
  expect(await saidOn("telegram", "Rain.", { TELEGRAM_PREFIX: "true" })).toEqual(["Flare: Rain."]);
});
