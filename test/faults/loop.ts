import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import { forget, type Mode, type Plan, plan } from "./plan.ts";

/** Something that happens to an object, made anew for each crash. */
export interface Scene {
  /** The name of the object that crashes. */
  name: string;
  /** Makes it happen; returns when all of it was accepted. */
  act(crash: Plan): Promise<void>;
  /** What must hold when the object is idle again. */
  check(crash: Plan): Promise<void>;
}

export interface Point {
  at: number;
  mode: Mode;
}

const MODES: Mode[] = ["lost", "kept"];
/** So many crashes are made at once, each of an object of its own. */
const AT_ONCE = 12;
const LONGEST_MS = 25_000;

/**
 * The points of a scene, as counted in a run without a crash. Storage takes or loses a tick as a whole, so that the
 * first and the last point of each tick stand for those between; `all` answers these too.
 */
export async function pointsOf(make: () => Promise<Scene>, all: boolean): Promise<Point[]> {
  const { seen, ticks } = await run(make, { at: 0, mode: "kept" });
  const edges = new Set(ticks.flatMap((first, index) => [first, (ticks[index + 1] ?? seen + 1) - 1]));
  const counts = Array.from({ length: seen }, (_, index) => index + 1).filter((at) => all || edges.has(at));
  return counts.flatMap((at) => MODES.map((mode) => ({ at, mode })));
}

/** Crashes a scene at these points, and answers how many were reached. */
export async function crashAt(
  points: Point[],
  make: () => Promise<Scene>,
  atOnce = AT_ONCE,
): Promise<number> {
  const waiting = [...points];
  const failures: unknown[] = [];
  let reached = 0;
  const work = async () => {
    for (let point = waiting.shift(); point; point = waiting.shift()) {
      const crash = await run(make, point).catch((error) => void failures.push(error));
      if (crash?.hit) reached++;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  if (failures.length > 0) throw new AggregateError(failures, failures.map(text).join("\n\n"));
  return reached;
}

/** Goes on behind the counted points (a crash makes some work again) until a run ends without reaching its point. */
export async function crashBeyond(last: number, make: () => Promise<Scene>): Promise<number> {
  for (let at = last + 1; ; at++) {
    const reached = await crashAt(
      MODES.map((mode) => ({ at, mode })),
      make,
    );
    if (reached < MODES.length) return at - last - 1;
  }
}

/** One crash: the scene is made, broken, nudged, and looked at when it is idle. */
export async function run(make: () => Promise<Scene>, point: Point): Promise<Plan> {
  const scene = await make();
  const crash = plan(scene.name, point);
  try {
    await scene.act(crash);
    await settle(scene.name, crash);
    mayBeFound(crash);
    await scene.check(crash);
    return crash;
  } catch (error) {
    throw new Error(
      `${scene.name}, ${point.mode} at ${point.at} (${crash.hit ?? "not reached"}): ${text(error)}`,
    );
  } finally {
    forget(scene.name);
  }
}

/** Waits until the object is idle; after a crash it is nudged once, by `wake` or by its alarm. */
export async function settle(name: string, crash: Plan): Promise<void> {
  let nudged = false;
  await until(`${name} is idle`, async () => {
    if (crash.hit && !crash.over) return false;
    if (crash.over && !nudged) {
      nudged = true;
      await nudge(name, crash.at + (crash.mode === "lost" ? 0 : 1));
    }
    // Cheap first: to look into storage costs a request.
    return crash.armed !== true && idle(name);
  });
}

/** Work that only the object knows of stands under an alarm at every moment. */
function mayBeFound({ found }: Plan): void {
  if (found && found.owed > 0 && !found.rung)
    expect(found.alarm, "an alarm stands while something is owed").not.toBeNull();
}

export async function nudge(name: string, turn: number): Promise<void> {
  if (name === "directory") return void (await runDurableObjectAlarm(env.DIRECTORY.getByName(name)));
  const stub = env.GROUP.getByName(name);
  if (turn % 2 === 0) return stub.wake();
  await runDurableObjectAlarm(stub);
}

/** Polls a condition. A crash in the middle of a look is no answer. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const guarded = () => holds().catch(() => false);
  await vi.waitUntil(guarded, { timeout: LONGEST_MS, interval: 40 }).catch(async () => {
    throw new Error(`not in ${LONGEST_MS} ms: ${what}`);
  });
}

async function idle(name: string): Promise<boolean> {
  if ((await alarmOf(name)) !== null) return false;
  if (name === "directory") return true;
  return (await rows(name, "select id from file_intents")).length === 0;
}

export function alarmOf(name: string): Promise<number | null> {
  return runInDurableObject(stubOf(name), (_, state) => state.storage.getAlarm());
}

/** Reads an object's tables. */
export function rows(name: string, query: string): Promise<Record<string, SqlStorageValue>[]> {
  return runInDurableObject(stubOf(name), (_, state) => state.storage.sql.exec(query).toArray());
}

function stubOf(name: string): DurableObjectStub {
  return (name === "directory" ? env.DIRECTORY : env.GROUP).getByName(name) as unknown as DurableObjectStub;
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
