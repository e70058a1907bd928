import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { soon } from "../soon.ts";
import { statusOf } from "./status-of.ts";
import { deliver, direct, fresh, inGroup, peers, register, room } from "./talk.ts";

const HOUR = 3600_000;
const directory = () => env.DIRECTORY.getByName("directory");

afterEach(() => {
  vi.useRealTimers();
});

type Stub = DurableObjectStub;

/** Every row of an object, and its alarm. */
function all(stub: Stub): Promise<unknown> {
  return runInDurableObject(stub, async (_, { storage }) => {
    const tables = storage.sql.exec("select name from sqlite_master where type = 'table'").toArray();
    const own = tables.map(({ name }) => String(name)).filter((name) => !/^(_cf_|sqlite_|search)/.test(name));
    const rows = own.map((name) => [name, storage.sql.exec(`select * from "${name}"`).toArray()]);
    return { alarm: await storage.getAlarm(), rows };
  });
}

function sweep(): Promise<Response> {
  const headers = { authorization: "Bearer flow-admin" };
  return exports.default.fetch(new Request("http://flare.test/api/sweep", { method: "POST", headers }));
}

// Here, because elsewhere another chat's later error would stand for the channel.
test("a channel's last event and last error are told, with what to do", async () => {
  const chat = fresh();
  const key = `status-${chat}`;
  const before = Date.now();
  await peers.fault(chat, { status: 403, description: "Forbidden: bot was blocked by the user" });
  await peers.script(key, { text: "Nobody reads this." });
  await deliver(direct(chat, `${key} go`));
  const status = await soon(async () => {
    const telegram = await statusOf("telegram");
    expect(telegram.lastError).toContain("blocked");
    return telegram;
  });
  expect(status).toMatchObject({ state: "ready", missing: [] });
  expect(status.fix).toContain("dead-letters");
  expect(status.lastEventAt).toBeGreaterThanOrEqual(before);
  expect(status.lastErrorAt).toBeGreaterThanOrEqual(before);
});

test("a day of idle groups with empty heartbeats costs no alarm, no model call and no row", async () => {
  const chats = Array.from({ length: 12 }, () => -fresh());
  for (const chat of chats) {
    await register(chat);
    await deliver(inGroup(chat, `@Flare idle-${chat} hello`));
    await peers.shown(chat, 1);
  }
  const stubs = [...chats.map((chat) => room(chat) as unknown as Stub), directory() as unknown as Stub];
  const calls = () => peers.requests("idle-").then((seen) => seen.length);
  const snapshot = () => Promise.all(stubs.map(all));
  await soon(async () => {
    for (const state of await snapshot()) expect(state).toMatchObject({ alarm: null });
  });
  const [before, asked] = [await snapshot(), await calls()];
  for (let hour = 1; hour <= 24; hour++) {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + HOUR });
    expect(await (await sweep()).json()).toEqual({ woken: 0 });
  }
  expect(await snapshot()).toEqual(before);
  expect(await calls()).toBe(asked);
});

test("a group that lost its alarm is found by the sweep, and its reminder comes", async () => {
  const chat = -fresh();
  await register(chat);
  const asker = { id: "1001", name: "Ann", from: `telegram:${chat}`, main: false, agent: false, thread: "" };
  const task = { message: "Stretch.", schedule_type: "once", schedule_value: "1h" };
  await room(chat).tasks({ verb: "schedule", task }, { ...asker, trust: "member", key: "k", trace: "t" });
  const due = () =>
    runInDurableObject(directory() as unknown as Stub, (_, { storage }) =>
      storage.sql.exec("select next_due from groups where address = ?", `telegram:${chat}`).one(),
    );
  await soon(async () => expect((await due()).next_due).not.toBeNull());
  await runInDurableObject(room(chat) as unknown as Stub, (_, { storage }) => storage.deleteAlarm());
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + HOUR + 5 * 60_000 });
  await sweep();
  expect((await peers.shown(chat, 1))[0]).toContain("Stretch.");
});
