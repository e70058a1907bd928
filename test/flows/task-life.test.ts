import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { decodeTime, encodeTime } from "ulid";
import { afterEach, expect, test, vi } from "vitest";
import type { NewTask, TaskRequest } from "../../agent/tasks.ts";
import { Group } from "../../durable-objects/group.ts";
import { Runs } from "../../durable-objects/tasks/runs.ts";
import { soon } from "../soon.ts";
import { call, directory, newGroup, newMain, obeys } from "./obey.ts";
import { deliver, direct, fresh, inGroup, peers, room } from "./talk.ts";

const HOUR = 3600_000;
const DAY = 24 * HOUR;
const NINE: NewTask = { message: "Nine.", schedule_type: "cron", schedule_value: "0 9 * * *" };

afterEach(() => {
  vi.useRealTimers();
});

async function travel(chat: number, ms: number): Promise<void> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
  await runDurableObjectAlarm(room(chat));
}

/** Asks a chat's tasks as its owner's console does. */
function ask(chat: number, request: TaskRequest, change: object = {}) {
  const asker = { id: "1001", name: "Ann", from: `telegram:${chat}`, main: false, agent: false, thread: "" };
  const mark = String(fresh());
  return room(chat).tasks(request, { ...asker, trust: "member", key: mark, trace: mark, ...change });
}

const schedule = (chat: number, task: NewTask, change: object = {}) =>
  ask(chat, { verb: "schedule", task }, change);

const sql = (chat: number, query: string) =>
  runInDurableObject(room(chat), (_, state) => state.storage.sql.exec(query).toArray());

/** The hour of the day, UTC, of a task's next slot. */
async function nextHour(chat: number): Promise<number> {
  const [row] = await sql(chat, "select next_at from tasks");
  return new Date(Number(row!.next_at)).getUTCHours();
}

test.each([
  { trust: "outside", said: "Awaiting approval" },
  { trust: "owner", said: "Queued" },
] as const)(
  "a task with the label $trust gives it to its answer, and to the turn that reads that",
  async ({ trust, said }) => {
    const [main, other] = [await newMain(), await newGroup()];
    const key = `labelled-${fresh()}`;
    await peers.script(key, { text: "Looked." });
    const daily = { schedule_type: "interval", schedule_value: "1d" };
    await schedule(main, { prompt: `${key} look`, ...daily }, { main: true, trust });
    const before = (await peers.shown(main)).length;
    await travel(main, DAY);
    await peers.shown(main, before + 1);
    await soon(async () =>
      expect(await sql(main, "select trust from messages where text like 'Looked.%'")).toEqual([{ trust }]),
    );
    const [sent] = await obeys(main, [call("send_message", { text: "News.", to: `telegram:${other}` })]);
    expect(sent).toContain(said);
  },
);

test("tasks follow the install's zone when that is another after a restart", async () => {
  const chat = await newGroup();
  await schedule(chat, NINE);
  expect(await nextHour(chat)).toBe(9);
  await runInDurableObject(room(chat), async (_, state) => {
    new Group(state, Object.assign({}, env, { TIMEZONE: "Asia/Tokyo" }));
    const next = () => Number(state.storage.sql.exec("select next_at from tasks").one().next_at);
    await soon(() => expect(new Date(next()).getUTCHours()).toBe(0));
  });
});

test("tasks follow a zone that the group hears of when a turn opens", async () => {
  const chat = await newGroup();
  await schedule(chat, NINE);
  await directory().configure(`telegram:${chat}`, { timezone: "Asia/Tokyo" });
  await soon(async () => expect(await nextHour(chat)).toBe(0));
  // The group is as it was before it heard of the zone.
  const forget = "json_remove(json_set(value, '$.version', 0), '$.timezone')";
  await sql(chat, `update facts set value = ${forget} where name = 'settings'`);
  await evictDurableObject(room(chat));
  await room(chat).wake();
  await soon(async () => expect(await nextHour(chat)).toBe(9));
  await obeys(chat, [call("list_tasks")]);
  await soon(async () => expect(await nextHour(chat)).toBe(0));
});

test("what is left of a task stays for 30 days after its end, however old the task was", async () => {
  const chat = await newGroup();
  await schedule(chat, { message: "x", schedule_type: "once", schedule_value: "90d" });
  const look = async () => {
    await evictDurableObject(room(chat));
    return (await ask(chat, { verb: "get", task: "1" })).ok;
  };
  await travel(chat, 40 * DAY);
  await ask(chat, { verb: "cancel", task: "1" });
  await travel(chat, 29 * DAY);
  expect(await look()).toBe(true);
  await travel(chat, 2 * DAY);
  expect(await look()).toBe(false);
});

test("the last hundred runs of a task are kept, and those of others", async () => {
  const chat = await newGroup();
  for (const message of ["Much.", "Little."])
    await schedule(chat, { message, schedule_type: "interval", schedule_value: "1d" });
  const [much, little] = await sql(chat, "select id from tasks order by number");
  const run = (task: unknown, n: number) =>
    sql(
      chat,
      `insert into task_runs (id, task, slot, manual, slots, until, state, attempts, late_ms, ended_at, usd, tokens)
       values ('0000${String(n).padStart(22, "0")}', '${task}', ${n}, 0, 1, ${n}, 'ok', 0, 0, ${n}, 0, 0)`,
    );
  for (let n = 1; n <= 150; n++) await run(much!.id, n);
  await run(little!.id, 200);
  await ask(chat, { verb: "run", task: "1" });
  await peers.shown(chat, 1);
  await soon(async () => {
    const kept = await sql(chat, `select slot from task_runs where task = '${much!.id}' order by id`);
    expect(kept).toHaveLength(100);
    expect(kept.slice(0, 2)).toEqual([{ slot: 52 }, { slot: 53 }]);
  });
  expect(await sql(chat, `select slot from task_runs where task = '${little!.id}'`)).toHaveLength(1);
});

test("an alert of the heartbeat that could not be delivered is told at the next beat", async () => {
  const chat = fresh();
  const mark = `alert-${fresh()}`;
  const write = call("write_file", { path: "HEARTBEAT.md", content: `- [ ] ${mark}\n` });
  await obeys(chat, [write], "Written.");
  await peers.script(mark, { text: "The door is open!", forever: true });
  await peers.fault(chat, { status: 403, description: "Forbidden: bot was kicked" });
  for (const beat of [1, 2]) {
    await travel(chat, HOUR / 2);
    await soon(async () =>
      expect((await peers.requests(mark)).filter(({ key }) => key === mark)).toHaveLength(beat),
    );
    await soon(async () => expect(await room(chat).heartbeat("status")).not.toContain("after what runs now"));
  }
  expect((await peers.shown(chat, 2)).slice(1)).toEqual(["The door is open!"]);
  await travel(chat, HOUR / 2);
  await soon(async () =>
    expect((await peers.requests(mark)).filter(({ key }) => key === mark)).toHaveLength(3),
  );
  await soon(async () => expect(await room(chat).heartbeat("status")).toMatch(/Next: \w+ \d+.*, ok/));
  expect(await peers.shown(chat)).toHaveLength(2);
});

test("a turn has its group's time, and others have theirs", async () => {
  const chats = [await newGroup(), await newGroup()] as const;
  const [short] = chats;
  const settings = (await directory().find(`telegram:${short}`))!;
  await room(short).configure({ ...settings, version: settings.version + 1000, turnTimeout: 0.3 });
  const gate = `time-${fresh()}`;
  for (const chat of chats) {
    await peers.script(`${gate}${chat}.`, { text: "In time.", after: 0, trouble: { gate } });
    await deliver(inGroup(chat, `@Flare ${gate}${chat}. please`));
  }
  await peers.held(gate, 2);
  const said = await peers.shown(short, 1);
  await peers.open(gate);
  expect(said.join()).toMatch(/stopped|time/i);
  expect(said.join()).not.toContain("In time.");
  expect(await peers.shown(chats[1], 1)).toEqual(["In time."]);
});

test("ids go on behind those in storage when the clock was set back over a restart", async () => {
  const chat = fresh();
  const says = async (text: string) => {
    const key = `says-${fresh()}`;
    await peers.script(key, { text });
    await deliver(direct(chat, `${key} please`));
    await soon(async () => expect(await peers.shown(chat)).toContain(text));
  };
  await says("First.");
  const [newest] = await sql(chat, "select max(id) as id from messages");
  const ahead = encodeTime(decodeTime(String(newest!.id)) + DAY) + "Z".repeat(16);
  await sql(chat, `update messages set id = '${ahead}' where id = '${newest!.id}'`);
  await evictDurableObject(room(chat));
  await says("Second.");
  const later = await sql(chat, `select text from messages where id > '${ahead}'`);
  expect(later.map(({ text }) => String(text)).join()).toContain("Second.");
  expect(later).toHaveLength(2);
});

test("a list of all tasks says how many groups it did not ask", async () => {
  const main = await newMain();
  const inDirectory = (query: string) =>
    runInDurableObject(directory(), (_, state) => state.storage.sql.exec(query).toArray());
  const mark = `listed-${fresh()}`;
  for (let n = 0; n < 26; n++)
    await inDirectory(
      `insert into groups (address, version, name, name_key, folder, type, registered, main, requires_trigger, last_active_at)
       values ('telegram:${mark}-${n}', 0, '${mark}', '${mark}', '${mark}-${n}', 'group', 1, 0, 1, 0)`,
    );
  const [list] = await obeys(main, [call("list_tasks", { group: "all" })]);
  const [all] = await inDirectory("select count(*) as n from groups where registered = 1");
  await inDirectory(`delete from groups where name = '${mark}'`);
  expect(Number(/\[(\d+) more groups were not asked/.exec(list!)?.[1])).toBe(Number(all!.n) - 25);
});

test("a task's message that waits for the platform's pause keeps nobody busy", async () => {
  const chat = await newGroup();
  const settled = vi.spyOn(Runs.prototype, "settleDelivered");
  const body = { parameters: { retry_after: 600 } };
  await peers.fault(chat, { status: 429, description: "Too Many Requests", body });
  await schedule(chat, { message: "Stretch.", schedule_type: "once", schedule_value: "2m" });
  await travel(chat, 3 * 60_000);
  await soon(async () =>
    expect(await sql(chat, "select attempts from outbox where text like 'Stretch.%'")).toEqual([
      { attempts: 1 },
    ]),
  );
  // Each look gives way to this one: a lane that started the other without end would look again each time.
  const before = settled.mock.calls.length;
  for (let look = 0; look < 20; look++) await sql(chat, "select 1");
  expect(settled.mock.calls.length).toBeLessThan(before + 3);
});
