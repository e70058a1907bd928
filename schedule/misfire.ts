import type { Missed } from "./next.ts";
import { DAY, MINUTE } from "./zones.ts";

/** What is done about slots that nobody was there for. The default is `once`. */
export type Misfire = "once" | "skip" | "all";

/** Why a slot did not run: a later run stands for it, the policy says so, or it was too long ago. */
export type SkipReason = "covered" | "policy" | "too-old";

/** What becomes of one slot. `lateBy` is in ms. */
export type Fate =
  | { slot: number; fate: "run"; lateBy: number }
  | { slot: number; fate: "late"; lateBy: number }
  | { slot: number; fate: "skipped"; lateBy: number; reason: SkipReason };

/** Slots that are too many to be listed: `count` of them, all in (after, before), skipped. */
export type SkippedRange = { after: number; before: number; count: number; reason: SkipReason };

/** The fates of all slots: those listed, oldest first, and the rest as a range. `missed`: people are to be told. */
export type Settlement = { fates: Fate[]; rest?: SkippedRange; missed: boolean };

/** A slot that starts within this time (ms) is on time: alarms are not exact. */
export const ON_TIME = MINUTE;
/** The longest that one run for all that was missed may be late, in ms. */
export const LATEST = DAY;
/** The most runs of the policy `all`, and the `limit` to ask `missedSlots` for. */
export const MOST_RUNS = 10;

/**
 * Gives every slot of (after, now] exactly one fate.
 * `missed` comes from `missedSlots` over the same time, with `MOST_RUNS` as its limit.
 */
export function settle(
  missed: Missed,
  when: { after: number; now: number },
  task: { misfire: Misfire; type: "once" | "interval" | "cron" },
): Settlement {
  const newest = missed.slots.at(-1);
  if (newest === undefined) return { fates: [], missed: false };
  const fates = missed.slots.map((slot, index) =>
    fateOf(slot, when.now - slot, missed.slots.length - 1 - index, task.misfire),
  );
  const settlement = { fates, missed: task.type === "once" && fates.every(({ fate }) => fate === "skipped") };
  const count = missed.count - missed.slots.length;
  if (count === 0) return settlement;
  const reason = unlistedReason(task.misfire, when.now - newest);
  return { ...settlement, rest: { after: when.after, before: missed.slots[0]!, count, reason } };
}

/** `newer` is how many slots came after this one. */
function fateOf(slot: number, lateBy: number, newer: number, misfire: Misfire): Fate {
  const late: Fate = { slot, fate: lateBy > ON_TIME ? "late" : "run", lateBy };
  const skipped = (reason: SkipReason): Fate => ({ slot, fate: "skipped", lateBy, reason });
  switch (misfire) {
    case "once":
      if (lateBy > LATEST) return skipped("too-old");
      return newer === 0 ? late : skipped("covered");
    case "skip":
      return lateBy > ON_TIME ? skipped("policy") : late;
    case "all":
      return newer < MOST_RUNS ? late : skipped("policy");
  }
}

function unlistedReason(misfire: Misfire, newestLateBy: number): SkipReason {
  if (misfire !== "once") return "policy";
  return newestLateBy > LATEST ? "too-old" : "covered";
}
