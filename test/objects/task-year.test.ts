import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Cron } from "croner";
import { afterEach, expect, test, vi } from "vitest";
import type { NewTask } from "../../agent/tasks.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2027, 0, 1, 10, 0, 30);
const YEAR = 365 * DAY;
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

const group = env.GROUP.getByName("web:main");
const asker = { id: "owner", name: "Owner", from: "web:main", main: true, agent: false, thread: "" };

afterEach(() => {
  vi.useRealTimers();
});

/** The slots of each task over the year, by another library or plain arithmetic. */
const TASKS: { task: NewTask; slots: (to: number) => number[] }[] = [
  {
    task: { message: "Tea.", schedule_type: "cron", schedule_value: "30 2 * * *", timezone: "Europe/Berlin" },
    slots: halfPastTwoInBerlin,
  },
  {
    task: { message: "Report.", schedule_type: "cron", schedule_value: "0 9 * * 1-5", misfire: "all" },
    slots: (to) => byCroner("0 9 * * 1-5", "UTC", to),
  },
  {
    task: { message: "Pulse.", schedule_type: "interval", schedule_value: "41h", misfire: "skip" },
    slots: (to) => every(41 * HOUR, to),
  },
  {
    task: { message: "Weekly.", schedule_type: "interval", schedule_value: "7d", context: "isolated" },
    slots: (to) => every(7 * DAY, to),
  },
  {
    task: { prompt: "Hello?", schedule_type: "interval", schedule_value: "20d" },
    slots: (to) => every(20 * DAY, to),
  },
  {
    task: { message: "Birthday.", schedule_type: "once", schedule_value: "2027-06-05T08:00" },
    slots: () => [Date.UTC(2027, 5, 5, 8)],
  },
];

/**
 * On 28 March 2027 Berlin skips 02:30, which then is meant an hour later; on 31 October it has it twice, and the first is
 * meant. Both are the time by the offset that held at midnight.
 */
function halfPastTwoInBerlin(to: number): number[] {
  const [spring, autumn] = [Date.UTC(2027, 2, 29), Date.UTC(2027, 10, 1)];
  const days = Array.from({ length: 370 }, (_, day) => Date.UTC(2027, 0, 1 + day));
  const slots = days.map((day) => day + 2.5 * HOUR - (day >= spring && day < autumn ? 2 : 1) * HOUR);
  return slots.filter((slot) => slot > START && slot <= to);
}

function byCroner(expression: string, timezone: string, to: number): number[] {
  const cron = new Cron(expression, { timezone, paused: true });
  const slots: number[] = [];
  for (let at = cron.nextRun(new Date(START)); at && at.getTime() <= to; at = cron.nextRun(at))
    slots.push(at.getTime());
  return slots;
}

function every(period: number, to: number): number[] {
  return Array.from(
    { length: Math.floor((to - START) / period) },
    (_, index) => START + (index + 1) * period,
  );
}

interface Fate {
  id: string;
  task: string;
  slot: number;
  until: number;
  slots: number;
  state: string;
}

test("in a year with nights out, restarts and a clock that steps, each slot has exactly one fate", {
  timeout: 120_000,
}, async () => {
  console.log(`SEED=${seed}`);
  const random = randomOf(seed);
  await group.status();
  at(START);
  const ids: string[] = [];
  for (const [index, { task }] of TASKS.entries()) {
    const answer = await group.tasks(
      { verb: "schedule", task },
      { ...asker, trust: "owner", key: `t${index}`, trace: "t" },
    );
    expect(answer.said).toMatch(/is set/);
  }
  for (const row of await rows("select id from tasks order by number")) ids.push(String(row.id));
  const fates = new Map<string, Fate>();
  let now = START;
  while (now < START + YEAR) {
    const armed = await runInDurableObject(group, (_, state) => state.storage.getAlarm());
    expect(armed, "an alarm is armed while there are tasks").not.toBeNull();
    // Mostly the alarm rings when it should; sometimes nobody is there for hours or days.
    const outage = random() < 0.06 ? random() * 5 * DAY : random() < 0.1 ? random() * 3 * HOUR : 0;
    now = Math.max(now, armed!) + outage;
    at(now);
    if (random() < 0.04) await evictDurableObject(group);
    // The clock is set back a little, as time servers do.
    if (random() < 0.03) at(now - 20_000);
    await runDurableObjectAlarm(group);
    at(now);
    await quiet();
    for (const fate of await recent()) fates.set(fate.id, fate);
  }
  for (const [index, { slots }] of TASKS.entries()) {
    const mine = [...fates.values()].filter(({ task }) => task === ids[index]);
    const [{ handled } = { handled: 0 }] = await rows(
      `select handled_to handled from tasks where id = '${ids[index]}'`,
    );
    const expected = slots(Number(handled));
    expect(mine.filter(({ state }) => !/^(ok|skipped|missed)$/.test(state))).toEqual([]);
    expect(
      mine.reduce((sum, fate) => sum + fate.slots, 0),
      TASKS[index]!.task.message,
    ).toBe(expected.length);
    const fateOf = (slot: number) => mine.filter((fate) => fate.slot <= slot && slot <= fate.until).length;
    expect(expected.filter((slot) => fateOf(slot) !== 1)).toEqual([]);
    expect(
      mine
        .filter(({ slots }) => slots === 1)
        .map(({ slot }) => slot)
        .filter((slot) => !expected.includes(slot)),
    ).toEqual([]);
  }
  expect([...fates.values()].filter(({ state }) => state === "ok").length).toBeGreaterThan(300);
});

function at(now: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now });
}

async function quiet(): Promise<void> {
  await vi.waitFor(
    async () => {
      const open = "select 1 from task_runs where state in ('queued', 'running', 'retrying', 'delivering')";
      const due = `select 1 from tasks where state = 'active' and (run is not null or next_at <= ${Date.now()})`;
      const armed = await runInDurableObject(group, (_, state) => state.storage.getAlarm());
      if (armed !== null && armed <= Date.now()) await runDurableObjectAlarm(group);
      expect(await rows(`${open} union all ${due}`)).toEqual([]);
    },
    { timeout: 20_000, interval: 2 },
  );
}

async function recent(): Promise<Fate[]> {
  return (await rows(
    "select id, task, slot, until, slots, state from task_runs order by id desc limit 60",
  )) as unknown as Fate[];
}

function rows(query: string): Promise<Record<string, SqlStorageValue>[]> {
  return runInDurableObject(group, (_, state) => state.storage.sql.exec(query).toArray());
}

/** Numbers that a seed decides (Numerical Recipes). */
function randomOf(start: number): () => number {
  let state = start;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}
