import { env, exports } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { RunView } from "../../agent/tasks.ts";
import type { ShownAnswer } from "../../workers/task-api.ts";
import { deliver, fresh, inGroup, peers, register } from "./talk.ts";

const ADMIN = { authorization: "Bearer flow-admin" };
const daily = { message: "Water the plants.", schedule_type: "interval", schedule_value: "1d" };

type Said = ShownAnswer & { error?: string };

/** Asks the API; `[status, answer]`. */
async function ask(method: string, path: string, body?: object, headers = {}): Promise<[number, Said]> {
  const json = body ? { body: JSON.stringify(body) } : {};
  const answer = await exports.default.fetch(
    new Request(`http://flare.test/api${path}`, {
      method,
      headers: { ...ADMIN, "content-type": "application/json", ...headers },
      ...json,
    }),
  );
  return [answer.status, (await answer.json()) as Said];
}

/** A group, and its part of a query. */
async function newGroup(): Promise<{ chat: number; at: string }> {
  const chat = -fresh();
  await register(chat);
  return { chat, at: `group=telegram:${chat}` };
}

describe("tasks over the API", () => {
  test("are made, shown, changed, paused, resumed and cancelled", async () => {
    const { chat, at } = await newGroup();
    const [made, { said, tasks }] = await ask("POST", `/tasks?${at}`, { ...daily, name: "plants" });
    expect([made, said]).toEqual([200, expect.stringContaining("plants")]);
    expect(tasks).toMatchObject([
      {
        number: 1,
        name: "plants",
        by: "Owner",
        state: "active",
        address: `telegram:${chat}`,
        timezone: "UTC",
      },
    ]);
    const verbs = [
      ["PATCH", "/tasks/1", { schedule_value: "2d" }, { schedule: "every 2 days" }],
      ["POST", "/tasks/plants/pause", undefined, { state: "paused", nextAt: null }],
      ["POST", "/tasks/1/resume", undefined, { state: "active" }],
      ["GET", "/tasks/1", undefined, { number: 1 }],
      ["DELETE", "/tasks/1", undefined, { state: "cancelled" }],
    ] as const;
    for (const [method, path, body, expected] of verbs) {
      const [status, answer] = await ask(method, `${path}?${at}`, body);
      expect([path, status, answer.tasks]).toEqual([path, 200, [expect.objectContaining(expected)]]);
    }
    expect((await ask("GET", `/tasks?${at}`))[1].tasks).toEqual([]);
  });

  test("run by hand, and each run is shown", async () => {
    const { chat, at } = await newGroup();
    await ask("POST", `/tasks?${at}`, daily);
    expect((await ask("POST", `/tasks/1/run?${at}`))[0]).toBe(200);
    expect(await peers.shown(chat, 1)).toEqual([daily.message]);
    const ended = async (): Promise<RunView[]> => {
      const [, { runs = [] }] = await ask("GET", `/tasks/1/runs?${at}`);
      return runs.filter(({ durationMs }) => durationMs !== null);
    };
    await expect.poll(ended).toMatchObject([{ manual: true, state: "ok", result: daily.message, usd: 0 }]);
  });

  test("of the console are meant where no group is named, also before anybody wrote in it", async () => {
    const name = `console-${fresh()}`;
    const [status, { tasks }] = await ask("POST", "/tasks", { ...daily, name });
    expect([status, tasks]).toMatchObject([200, [{ address: "web:main", name }]]);
    expect((await ask("GET", "/tasks"))[1].tasks.map((task) => task.name)).toContain(name);
  });

  test("of all groups stand in one list", async () => {
    const groups = await Promise.all([newGroup(), newGroup()]);
    for (const { at } of groups) await ask("POST", `/tasks?${at}`, daily);
    await ask("POST", `/tasks/1/pause?${groups[1]!.at}`);
    const addresses = async () =>
      (await ask("GET", "/tasks?group=all"))[1].tasks.map(({ address }) => address);
    for (const { chat } of groups) await expect.poll(addresses).toContain(`telegram:${chat}`);
  });

  test("are made once for one Idempotency-Key", async () => {
    const { at } = await newGroup();
    for (const again of [1, 2, 3])
      expect([again, (await ask("POST", `/tasks?${at}`, daily, { "idempotency-key": "one" }))[0]]).toEqual([
        again,
        200,
      ]);
    expect((await ask("GET", `/tasks?${at}`))[1].tasks).toHaveLength(1);
  });

  test("are not those of another group", async () => {
    const [mine, other] = await Promise.all([newGroup(), newGroup()]);
    await ask("POST", `/tasks?${mine.at}`, daily);
    expect((await ask("DELETE", `/tasks/1?${other.at}`))[0]).toBe(404);
    expect((await ask("GET", `/tasks?${mine.at}`))[1].tasks).toHaveLength(1);
  });

  test.each([
    ["POST", "/tasks", { ...daily, schedule_value: "10s" }, 400, /60 seconds/],
    ["POST", "/tasks", { ...daily, schedule_value: undefined }, 400, /schedule_value/],
    ["POST", "/tasks", { ...daily, prompt: "too" }, 400, /prompt/],
    ["POST", "/tasks", { ...daily, shedule: "typo" }, 400, /shedule/],
    ["PATCH", "/tasks/1", { pause: true }, 400, /pause/],
    ["GET", "/tasks/99", undefined, 404, /99/],
    ["POST", "/tasks/nothing/run", undefined, 404, /nothing/],
  ])("%s %s with %o is refused with the reason", async (method, path, body, status, reason) => {
    const { at } = await newGroup();
    const [got, { error }] = await ask(method, `${path}?${at}`, body);
    expect([got, error]).toEqual([status, expect.stringMatching(reason)]);
  });

  test("of a chat that is not registered there are none", async () => {
    const { chat, at } = await newGroup();
    await env.DIRECTORY.getByName("directory").remove(`telegram:${chat}`);
    for (const place of [at, "group=Nobody%20%26%20Co"])
      for (const [method, path] of [
        ["GET", "/tasks"],
        ["POST", "/tasks/1/run"],
        ["GET", "/heartbeat"],
        ["POST", "/heartbeat/now"],
      ])
        expect((await ask(method!, `${path}?${place}`))[0]).toBe(404);
  });
});

describe("the heartbeat over the API", () => {
  test("says what it does, and beats by hand once there is something to do", async () => {
    const { chat, at } = await newGroup();
    const key = `beat-${chat}`;
    expect((await ask("GET", `/heartbeat?${at}`))[1].said).toMatch(/nothing to do/);
    expect((await ask("POST", `/heartbeat/now?${at}`))[1].said).toMatch(/nothing to do/);
    const write = { name: "write_file", arguments: { path: "HEARTBEAT.md", content: `- [ ] ${key} look` } };
    await peers.script(`set-${chat}`, { toolCalls: [write] }, { text: "Noted." });
    await peers.script(key, { text: "It rains." });
    await deliver(inGroup(chat, `@Flare set-${chat}`));
    await peers.shown(chat, 1);
    expect((await ask("POST", `/heartbeat/now?${at}`))[0]).toBe(200);
    expect(await peers.shown(chat, 2)).toEqual(["Noted.", "It rains."]);
  });
});
