/** What an object does that a crash can come after: a row, a request, or a call to another object or to R2. */
export type Kind = "write" | "fetch" | "call";

/** `lost`: the crash takes everything of its tick with it. `kept`: what was written is durable, nothing more leaves. */
export type Mode = "lost" | "kept";

/** One crash of one object. */
export interface Plan {
  /** Counts from 1. */
  at: number;
  mode: Mode;
  /** Only points whose label matches count. */
  only?: RegExp;
  /** Crashes at every point from `at` on. */
  always?: boolean;
  /** Points passed so far, and the first point of each tick: storage takes or loses a tick as a whole. */
  seen: number;
  ticks: number[];
  /** What the object said last of its alarm; undefined where only storage knows. */
  armed?: boolean;
  /** Where the crash came. */
  hit?: string;
  /** The crash came and the instance is gone. */
  over?: boolean;
  crashes: number;
  /** What the next construction found in storage. */
  found?: Found;
}

/** What a crash left behind, seen before the object's next construction. */
export interface Found {
  /** Rows that nobody but the object itself will ever finish. */
  owed: number;
  alarm: number | null;
  /** The alarm has rung since: while it is delivered, storage says that there is none. */
  rung?: boolean;
  /** The parts that were on their way: 0003 allows that they are shown twice. */
  sending: string[];
  /** Whether the first piece of a streamed answer was on its way: it may stand above the answer. */
  streaming: boolean;
}

const plans = new Map<string, Plan>();

/** Plans a crash of the object with this name; `at: 0` only counts. */
export function plan(
  name: string,
  crash: Pick<Plan, "at" | "mode"> & Partial<Pick<Plan, "only" | "always">>,
): Plan {
  const made: Plan = { ...crash, seen: 0, ticks: [], crashes: 0 };
  plans.set(name, made);
  return made;
}

export function planOf(name: string): Plan | undefined {
  return plans.get(name);
}

export function forget(name: string): void {
  plans.delete(name);
}

/** The object that a request belongs to: peers' requests name its chat in their body. */
export function ownerOf(body: string): string | undefined {
  return [...plans.keys()].find((name) => body.includes(name.slice(name.indexOf(":") + 1)));
}
