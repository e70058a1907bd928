import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { NewTask, TaskRequest } from "../../agent/tasks.ts";
import { soon } from "../soon.ts";
import { becomeMain } from "./obey.ts";
import { deliver, direct, fresh, inGroup, peers, register, room } from "./talk.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const call = (name: string, args: Record<string, unknown>) => ({ toolCalls: [{ name, arguments: args }] });

/** A direct chat that was spoken to once. */
async function chatWith(): Promise<number> {
  const chat = fresh();
  await peers.script(`hello-${chat}`, { text: "Hello." });
  await deliver(direct(chat, `hello-${chat}`));
  await peers.shown(chat, 1);
  return chat;
}

/** Asks a chat's tasks, as its owner's console does. */
function ask(chat: number, request: TaskRequest, change: object = {}) {
  const asker = { id: "1001", name: "Ann", from: `telegram:${chat}`, main: false, agent: false, thread: "" };
  const mark = String(fresh());
  return room(chat).tasks(request, { ...asker, trust: "member", key: mark, trace: mark, ...change });
}

function schedule(chat: number, task: NewTask, change: object = {}) {
  return ask(chat, { verb: "schedule", task }, change);
}

/** Goes to a later moment and rings. */
async function travel(chat: number, ms: number): Promise<void> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
  await runDurableObjectAlarm(room(chat));
}
afterEach(() => {
  vi.useRealTimers();
});

/** The runs of a task, once none is under way. */
async function runsOf(chat: number, task: string) {
  return soon(async () => {
    const { runs = [] } = await ask(chat, { verb: "get", task });
    expect(runs.filter(({ state }) => /queued|running|delivering/.test(state))).toEqual([]);
    expect(runs).not.toEqual([]);
    return runs;
  });
}

describe("a reminder", () => {
  test("is set in words, comes once, and is over", async () => {
    const chat = fresh();
    const key = `remind-${chat}`;
    const when = { schedule_type: "once", schedule_value: "2s" };
    await peers.script(key, call("schedule_task", { message: "Stretch now.", ...when }), { text: "I will." });
    await deliver(direct(chat, `${key} please`));
    expect(await peers.shown(chat, 2)).toEqual(["I will.", "Stretch now."]);
    expect(await runsOf(chat, "1")).toMatchObject([{ state: "ok", slots: 1 }]);
    expect((await ask(chat, { verb: "list" })).tasks).toEqual([]);
    expect(await runInDurableObject(room(chat), (_, state) => state.storage.getAlarm())).toBeNull();
  });

  test("that nobody was there for comes late and says so, within a day", async () => {
    const chat = await chatWith();
    await schedule(chat, { message: "Call Bob.", schedule_type: "once", schedule_value: "10m" });
    await travel(chat, 5 * HOUR);
    const [, late] = await peers.shown(chat, 2);
    expect(late).toMatch(/^Call Bob\.[\s\S]*late: this was due/);
    const [run] = await runsOf(chat, "1");
    expect(run!.lateMs).toBeGreaterThan(4 * HOUR);
  });

  test("that was missed by more than a day is told as missed", async () => {
    const chat = await chatWith();
    await schedule(chat, { message: "Call Bob.", schedule_type: "once", schedule_value: "10m" });
    await travel(chat, 30 * HOUR);
    const [, missed] = await peers.shown(chat, 2);
    expect(missed).toMatch(/missed[\s\S]*Call Bob\./);
    expect(await runsOf(chat, "1")).toMatchObject([{ state: "missed" }]);
    expect((await ask(chat, { verb: "get", task: "1" })).tasks).toMatchObject([{ state: "done" }]);
  });
});

describe("a task of the agent", () => {
  const daily = { schedule_type: "interval", schedule_value: "1d" };

  test("sees the chat, and what it said belongs to the chat", async () => {
    const chat = await chatWith();
    const key = `look-${chat}`;
    await peers.script(key, { text: "The boiler is warm." });
    await schedule(chat, { prompt: `${key} look after the boiler`, ...daily });
    await travel(chat, 24 * HOUR);
    expect((await peers.shown(chat, 2))[1]).toContain("The boiler is warm.");
    const [seen] = await peers.requests(key, 1);
    expect(JSON.stringify(seen!.body.messages)).toContain("Hello.");
    await peers.script(`next-${chat}`, { text: "Yes." });
    await deliver(direct(chat, `next-${chat}`));
    await peers.shown(chat, 3);
    const [next] = await peers.requests(`next-${chat}`, 1);
    expect(JSON.stringify(next!.body.messages)).toContain("The boiler is warm.");
  });

  test("in a context of its own sees nothing of the chat and leaves nothing in it", async () => {
    const chat = await chatWith();
    const key = `alone-${chat}`;
    await peers.script(key, { text: "All quiet outside." });
    await schedule(chat, { prompt: `${key} look outside`, context: "isolated", ...daily });
    await travel(chat, 24 * HOUR);
    await peers.shown(chat, 2);
    const [seen] = await peers.requests(key, 1);
    expect(JSON.stringify(seen!.body.messages)).not.toContain("Hello.");
    await peers.script(`next-${chat}`, { text: "Yes." });
    await deliver(direct(chat, `next-${chat}`));
    await peers.shown(chat, 3);
    const [next] = await peers.requests(`next-${chat}`, 1);
    expect(JSON.stringify(next!.body.messages)).not.toContain("All quiet outside.");
    expect((await room(chat).history({ limit: 50 })).map(({ text }) => text)).toContain("All quiet outside.");
  });

  test("that has nothing to say, or is silent, ran all the same", async () => {
    const chat = await chatWith();
    await peers.script(`nothing-${chat}`, { text: "NO_REPLY" });
    await peers.script(`silent-${chat}`, { text: "Noted for myself." });
    await schedule(chat, { prompt: `nothing-${chat}`, ...daily });
    await schedule(chat, { prompt: `silent-${chat}`, deliver: false, ...daily });
    await travel(chat, 24 * HOUR);
    expect(await runsOf(chat, "1")).toMatchObject([{ state: "ok" }]);
    expect(await runsOf(chat, "2")).toMatchObject([{ state: "ok", result: "Noted for myself." }]);
    expect(await peers.shown(chat)).toEqual(["Hello."]);
  });

  test("is tried again after a failure, with what it did before", async () => {
    const chat = await chatWith();
    const key = `again-${chat}`;
    const refused = { error: { status: 401, message: "Incorrect API key" } };
    const note = call("bash", { command: "echo x >> log.txt; wc -l < log.txt" });
    await peers.script(key, note, refused, refused, { text: "Done at last." });
    await schedule(chat, { prompt: key, ...daily });
    await travel(chat, 24 * HOUR);
    for (const pause of [31_000, 61_000]) {
      await soon(async () => {
        const { runs } = await ask(chat, { verb: "get", task: "1" });
        expect(runs).toMatchObject([{ state: "retrying" }]);
      });
      await travel(chat, pause);
    }
    expect((await peers.shown(chat, 2))[1]).toBe("Done at last.");
    expect(await runsOf(chat, "1")).toMatchObject([{ state: "ok" }]);
    const last = (await peers.requests(key, 4)).at(-1)!;
    const results = last.body.messages.filter(({ role }) => role === "tool");
    expect(results.map(({ content }) => String(content).trim()[0])).toEqual(["1"]);
  });

  test("whose next slot comes does not wait for its retry, and people hear of three failures in a row", async () => {
    const chat = await chatWith();
    const key = `broken-${chat}`;
    await peers.script(key, { error: { status: 401, message: "Incorrect API key" }, forever: true });
    await schedule(chat, { prompt: key, schedule_type: "interval", schedule_value: "60s" });
    for (let slot = 1; slot <= 10; slot++) {
      await travel(chat, MINUTE);
      await soon(async () => {
        const { runs } = await ask(chat, { verb: "get", task: "1" });
        expect(runs!.slice(0, 1)).toMatchObject([{ state: "retrying" }]);
        expect(runs!.filter(({ state }) => state === "failed")).toHaveLength(slot - 1);
      });
    }
    await travel(chat, MINUTE);
    const [, told, paused] = await peers.shown(chat, 3);
    expect(told).toMatch(/failed 3 times in a row/);
    expect(paused).toMatch(/failed 10 times in a row[\s\S]*paused/);
    expect((await ask(chat, { verb: "get", task: "1" })).tasks).toMatchObject([{ state: "paused" }]);
    await soon(async () => {
      const main = await env.GROUP.getByName("web:main").history({ limit: 100 });
      expect(main.filter(({ text }) => text.includes(`failed 3 times`))).not.toEqual([]);
    });
  });

  test("does not hold up what people write meanwhile", async () => {
    const chat = await chatWith();
    const gate = `slow-${chat}`;
    await peers.script(`slow-${chat}`, { text: "Finished the slow thing.", after: 0, trouble: { gate } });
    await schedule(chat, { prompt: `slow-${chat}`, ...daily });
    await travel(chat, 24 * HOUR);
    await peers.held(gate);
    await peers.script(`quick-${chat}`, { text: "At once." });
    await deliver(direct(chat, `quick-${chat}`));
    expect(await peers.shown(chat, 2)).toEqual(["Hello.", "At once."]);
    await peers.open(gate);
    expect((await peers.shown(chat, 3))[2]).toContain("Finished the slow thing.");
  });
});

describe("changing tasks", () => {
  test("pauses, goes on from now, and ends for good", async () => {
    const chat = await chatWith();
    await schedule(chat, { message: "Tick.", schedule_type: "interval", schedule_value: "1h" });
    await ask(chat, { verb: "pause", task: "1" });
    await travel(chat, 5 * HOUR + MINUTE);
    expect(await ask(chat, { verb: "resume", task: "1" })).toMatchObject({ ok: true });
    expect(await runsOf(chat, "1")).toMatchObject([{ state: "skipped", slots: 5 }]);
    await travel(chat, HOUR - MINUTE);
    expect((await peers.shown(chat, 2))[1]).toBe("Tick.");
    await ask(chat, { verb: "cancel", task: "1" });
    await travel(chat, 3 * HOUR);
    expect(await ask(chat, { verb: "resume", task: "1" })).toMatchObject({ ok: false });
    expect(await peers.shown(chat)).toEqual(["Hello.", "Tick."]);
  });

  test("by hand runs at once, also a paused one, and moves no slot", async () => {
    const chat = await chatWith();
    const { tasks } = await schedule(chat, {
      message: "Tick.",
      schedule_type: "interval",
      schedule_value: "1h",
    });
    await ask(chat, { verb: "run", task: "1" });
    expect((await peers.shown(chat, 2))[1]).toBe("Tick.");
    expect(await runsOf(chat, "1")).toMatchObject([{ manual: true, state: "ok" }]);
    const after = await ask(chat, { verb: "get", task: "1" });
    expect(after.tasks![0]!.nextAt).toBe(tasks![0]!.nextAt);
    await ask(chat, { verb: "pause", task: "1" });
    expect(await ask(chat, { verb: "run", task: "1" })).toMatchObject({ ok: true });
    expect((await peers.shown(chat, 3))[2]).toBe("Tick.");
  });

  test("keeps its number and finds it by number, hash and name", async () => {
    const chat = await chatWith();
    const task = { message: "Water the plants.", schedule_type: "cron", schedule_value: "0 9 * * 1" };
    await schedule(chat, { name: "Plants", ...task });
    await schedule(chat, { name: "Dogs", ...task });
    await ask(chat, { verb: "cancel", task: "2" });
    expect((await schedule(chat, task)).tasks).toMatchObject([{ number: 3 }]);
    for (const word of ["1", "#1", "task 1", "plants"])
      expect((await ask(chat, { verb: "get", task: word })).tasks).toMatchObject([
        { number: 1, name: "Plants" },
      ]);
    expect((await ask(chat, { verb: "get", task: "9" })).said).toMatch(/no task "9"[\s\S]*1 "Plants"/);
  });

  test("is found by its name when it is over, too, unless one that lives has it", async () => {
    const chat = await chatWith();
    const dogs = { name: "Dogs", message: "Out!", schedule_type: "interval", schedule_value: "1h" };
    const found = async () => (await ask(chat, { verb: "get", task: "dogs" })).tasks?.[0]?.number;
    for (const number of [1, 2]) {
      await schedule(chat, dogs);
      await ask(chat, { verb: "cancel", task: String(number) });
      expect(await found()).toBe(number);
    }
    await schedule(chat, dogs);
    await schedule(chat, dogs);
    await ask(chat, { verb: "cancel", task: "4" });
    expect(await found()).toBe(3);
  });

  test.each([
    ["too often", { message: "x", schedule_type: "interval", schedule_value: "59s" }, /60 seconds/],
    ["in the past", { message: "x", schedule_type: "once", schedule_value: "2001-01-01T00:00" }, /past/],
    [
      "a day that is none",
      { message: "x", schedule_type: "once", schedule_value: "2031-02-30T09:00" },
      /no such date/,
    ],
    ["never", { message: "x", schedule_type: "cron", schedule_value: "0 0 31 4 *" }, /never/],
    [
      "in a zone that is none",
      { message: "x", schedule_type: "cron", schedule_value: "0 9 * * *", timezone: "Mars/Base" },
      /zone/,
    ],
    ["without anything to do", { schedule_type: "cron", schedule_value: "0 9 * * *" }, /prompt/],
    [
      "two things",
      { message: "x", prompt: "y", schedule_type: "cron", schedule_value: "0 9 * * *" },
      /prompt/,
    ],
  ])("refuses %s, with the reason", async (_, task: NewTask, reason) => {
    const chat = await chatWith();
    const answer = await schedule(chat, task);
    expect(answer).toMatchObject({ ok: false });
    expect(answer.said).toMatch(reason);
  });

  test("made twice for one cause is made once", async () => {
    const chat = await chatWith();
    const task = { message: "x", schedule_type: "once", schedule_value: "1h" };
    const first = await schedule(chat, task, { key: "same" });
    expect((await schedule(chat, task, { key: "same" })).said).toBe(first.said);
    expect((await ask(chat, { verb: "list" })).tasks).toHaveLength(1);
  });

  test("beyond 100 by the agent and 1,000 in all is refused", async () => {
    const chat = await chatWith();
    const task = { message: "x", schedule_type: "once", schedule_value: "1h" };
    const asker = { id: "1001", name: "Ann", from: `telegram:${chat}`, main: false, thread: "", trace: "t" };
    const make = (count: number, agent: boolean) =>
      Promise.all(
        Array.from({ length: count }, (_, index) =>
          schedule(chat, task, { ...asker, agent, key: `${agent}-${index}` }),
        ),
      );
    const byAgent = await make(101, true);
    expect(byAgent.filter(({ ok }) => !ok).map(({ said }) => said)).toEqual([expect.stringContaining("100")]);
    await copies(chat, 899);
    const byHand = await make(2, false);
    expect(byHand.filter(({ ok }) => !ok).map(({ said }) => said)).toEqual([expect.stringContaining("1000")]);
  });
});

describe("one run of a task", () => {
  const hourly = { schedule_type: "interval", schedule_value: "1h" };
  const refused = { error: { status: 401, message: "Incorrect API key" } };

  /** A task whose first attempt failed. */
  async function failing(chat: number, answer: string, when: object = hourly): Promise<string> {
    const key = `fail-${fresh()}`;
    await peers.script(key, refused, { text: answer });
    const made = await schedule(chat, { prompt: key, misfire: "all", ...(when as typeof hourly) });
    await travel(chat, 3 * HOUR + MINUTE);
    await soon(async () => {
      const { runs } = await ask(chat, { verb: "get", task: String(made.tasks![0]!.number) });
      expect(runs!.map(({ state }) => state)).toContain("retrying");
    });
    return String(made.tasks![0]!.number);
  }

  test.each(["cancel", "pause"] as const)(
    "waits to be tried again: %s gives up all that is queued",
    async (verb) => {
      const chat = await chatWith();
      const task = await failing(chat, "Never said.");
      expect(await ask(chat, { verb, task })).toMatchObject({ ok: true });
      const { tasks, runs } = await ask(chat, { verb: "get", task });
      expect(tasks).toMatchObject([{ running: false, state: verb === "cancel" ? "cancelled" : "paused" }]);
      expect(runs!.map(({ state }) => state)).toEqual(["cancelled", "cancelled", "cancelled"]);
      const turns = "select 1 from turns where state = 'open'";
      expect(
        await runInDurableObject(room(chat), (_, state) => state.storage.sql.exec(turns).toArray()),
      ).toEqual([]);
    },
  );

  test("waits to be tried again: by hand it is tried now, and not twice", async () => {
    const chat = await chatWith();
    const when = { schedule_type: "once", schedule_value: "2h" };
    const task = await failing(chat, "Said once.", when);
    expect((await ask(chat, { verb: "run", task })).said).toMatch(/again/);
    expect((await peers.shown(chat, 2))[1]).toMatch(/^Said once\./);
    expect(await runsOf(chat, task)).toMatchObject([{ state: "ok" }]);
  });

  test("is under way: a single time that is set anew comes, and as a rhythm it stays", async () => {
    const chat = await chatWith();
    const gate = `gate-${chat}`;
    await peers.script(`run-${chat}`, { text: "First.", after: 0, trouble: { gate } }, { text: "Second." });
    await schedule(chat, { prompt: `run-${chat}`, schedule_type: "once", schedule_value: "1h" });
    await travel(chat, HOUR);
    await peers.held(gate);
    await ask(chat, { verb: "update", task: "1", change: { schedule_value: "3h" } });
    await peers.open(gate);
    await peers.shown(chat, 2);
    await runsOf(chat, "1");
    const kept = (await ask(chat, { verb: "get", task: "1" })).tasks!;
    expect(kept).toMatchObject([{ state: "active", nextAt: expect.any(Number) }]);
    await ask(chat, { verb: "update", task: "1", change: hourly });
    const [rhythm] = (await ask(chat, { verb: "get", task: "1" })).tasks!;
    expect(rhythm).toMatchObject({ state: "active", deleteAfterRun: false });
    const zone = await ask(chat, { verb: "update", task: "1", change: { timezone: "Asia/Tokyo" } });
    expect(zone).toMatchObject({ ok: false, said: expect.stringContaining("timezone") });
  });

  test("waits while its chat is paused, also by hand, and goes on afterwards", async () => {
    const chat = -fresh();
    await register(chat);
    const gate = `gate-${chat}`;
    await peers.script(
      `hold${chat}.`,
      { text: "Held.", after: 0, trouble: { gate } },
      { text: "Done after all." },
    );
    await schedule(chat, { prompt: `hold${chat}.`, schedule_type: "once", schedule_value: "1h" });
    await schedule(chat, { message: "By hand.", ...hourly, schedule_value: "1d" });
    await travel(chat, HOUR - MINUTE);
    await travel(chat, MINUTE);
    await peers.held(gate);
    const before = (await peers.shown(chat)).length;
    const directory = env.DIRECTORY.getByName("directory");
    await directory.pause(true, `telegram:${chat}`);
    expect(await ask(chat, { verb: "run", task: "2" })).toMatchObject({ ok: false });
    await peers.open(gate);
    expect(await peers.shown(chat)).toHaveLength(before);
    await directory.pause(false, `telegram:${chat}`);
    expect((await peers.shown(chat, before + 1)).join()).toContain("Done after all.");
    expect(await runsOf(chat, "1")).toMatchObject([{ state: "ok" }]);
  });

  test("follows the zone of its chat", async () => {
    const chat = -fresh();
    await register(chat);
    const cron = { schedule_type: "cron", schedule_value: "0 9 * * *" };
    const [made] = (await schedule(chat, { message: "Nine.", ...cron })).tasks!;
    await env.DIRECTORY.getByName("directory").configure(`telegram:${chat}`, { timezone: "Asia/Tokyo" });
    await soon(async () => {
      const [moved] = (await ask(chat, { verb: "get", task: "1" })).tasks!;
      expect(Math.abs(made!.nextAt! - moved!.nextAt!) % (24 * HOUR)).toBe(
        (made!.nextAt! > moved!.nextAt! ? 9 : 15) * HOUR,
      );
    });
  });
});

describe("rights of a task", () => {
  test("are the lower ones of whoever changes it, and the change is in the audit", async () => {
    const chat = await chatWith();
    await schedule(
      chat,
      { prompt: "x", schedule_type: "interval", schedule_value: "1h" },
      { main: true, trust: "owner" },
    );
    const change = { prompt: "obey me", context: "isolated" as const };
    await ask(chat, { verb: "update", task: "1", change }, { id: "1002", name: "Bob", trust: "outside" });
    const query = "select trust, as_main, by_id, by_name from tasks";
    const rows = await runInDurableObject(room(chat), (_, state) => state.storage.sql.exec(query).toArray());
    expect(rows).toEqual([{ trust: "outside", as_main: 0, by_id: "1002", by_name: "Bob" }]);
    expect((await room(chat).audit(5)).map(({ who, what }) => `${who}: ${what}`)).toEqual([
      'telegram:1002: update Task 1 "x"',
      'telegram:1001: schedule Task 1 "x"',
    ]);
  });

  test.each([{ main: false }, { main: true }])(
    "end when its maker is taken off the list: %o",
    async ({ main }) => {
      const chat = -fresh();
      await register(chat);
      const tick = { message: "Tick.", schedule_type: "interval", schedule_value: "1h" };
      await schedule(chat, tick, { main });
      await env.DIRECTORY.getByName("directory").configure(`telegram:${chat}`, { allow: ["telegram:1002"] });
      await travel(chat, HOUR);
      expect(await runsOf(chat, "1")).toMatchObject([
        { state: "cancelled", error: expect.stringContaining("may not") },
      ]);
      expect((await peers.shown(chat)).join()).not.toContain("Tick.");
    },
  );

  test("made in an ordinary group do not grow when the group becomes main", async () => {
    const chat = -fresh();
    await register(chat);
    await schedule(chat, { prompt: `grow-${chat}`, schedule_type: "interval", schedule_value: "1h" });
    await becomeMain(chat);
    await peers.shown(chat, 1);
    await peers.script(`grow-${chat}`, call("list_groups", {}), { text: "Refused." });
    await travel(chat, HOUR);
    await peers.shown(chat, 2);
    const [first, second] = await peers.requests(`grow-${chat}`, 2);
    expect(first!.body.tools!.map((tool) => tool.function.name)).not.toContain("list_groups");
    expect(String(second!.body.messages.at(-1)!.content)).toMatch(/not allowed|only|Error/i);
  });

  test("end with the group: a removed one's tasks do not run", async () => {
    const chat = -fresh();
    await register(chat);
    await schedule(chat, { message: "Tick.", schedule_type: "interval", schedule_value: "1h" });
    await env.DIRECTORY.getByName("directory").remove(`telegram:${chat}`);
    await travel(chat, 2 * HOUR);
    expect(await peers.shown(chat)).toEqual([]);
    expect(await schedule(chat, { message: "x", schedule_type: "once", schedule_value: "1h" })).toMatchObject(
      { ok: false },
    );
  });

  test("reach over other groups only from main", async () => {
    const chat = -fresh();
    await register(chat);
    const other = -fresh();
    await register(other);
    const key = `cross-${chat}`;
    const task = { message: "Hi.", schedule_type: "once", schedule_value: "1h", group: `telegram:${other}` };
    await peers.script(key, call("schedule_task", task), { text: "Refused." });
    await deliver(inGroup(chat, `@Flare ${key}`));
    await peers.shown(chat, 1);
    expect((await ask(other, { verb: "list" })).tasks).toEqual([]);
  });
});

/** So many tasks made by hand, as copies of one: to ask for each takes seconds. */
async function copies(chat: number, count: number): Promise<void> {
  await runInDurableObject(room(chat), (_, { storage: { sql } }) => {
    const columns = sql
      .exec("select name from pragma_table_info('tasks')")
      .toArray()
      .map(({ name }) => `"${name}"`);
    const changed: Record<string, string> = {
      '"id"': "id || '-' || n",
      '"key"': '"key" || n',
      '"number"': "number + 1000 + n",
      '"by_agent"': "0",
    };
    const values = columns.map((column) => changed[column] ?? column).join();
    const counter = `with recursive counter(n) as (select 1 union all select n + 1 from counter where n < ${count})`;
    sql.exec(
      `insert into tasks (${columns}) ${counter} select ${values} from tasks, counter where number = 1`,
    );
  });
}
