import { type Install, startInstall, update } from "./install.ts";
import { figure, inTurns, percentiles } from "./measure.ts";
import type { BenchPeers } from "./peers.ts";

const GROUPS = 1000;
/** People of the measured group, and of each other one. */
const MEMBERS = 200;
const OTHERS = 10;
const ROUNDS = 100;
const MEASURED = -9000;

/** One group of 200 people, alone in its install and then among 1,000: what it costs is the same. */
export async function groups(peers: BenchPeers): Promise<void> {
  const install = await startInstall(peers);
  await found(install, 0, MEMBERS);
  await measure(install);
  const alone = await measure(install);
  await inTurns(GROUPS - 1, 16, (index) => found(install, index + 1, OTHERS));
  const among = await measure(install);
  await install.remove();
  const share = (name: keyof typeof alone) => (among[name] / alone[name]) * 100;
  figure("accepting a message among 1,000 groups, share of alone", share("accept"), "%", { most: 120 });
  figure("showing a group's settings among 1,000, share of alone", share("show"), "%", { most: 120 });
  figure("changing a group's settings among 1,000, share of alone", share("set"), "%", { most: 120 });
}

/** Registers a group, in which each of its people says something. */
async function found(install: Install, index: number, members: number): Promise<void> {
  const chat = MEASURED - index;
  await install.post(update(chat, "@Flare hello", `Group ${index}`));
  await install.api("/groups", "POST", { name: `telegram:${chat}` });
  for (let member = 0; member < members; member++)
    await install.post(update(chat, "good morning", `Group ${index}`, 5000 + member));
}

/** Medians in milliseconds. */
async function measure(install: Install): Promise<{ accept: number; show: number; set: number }> {
  const times = { accept: [] as number[], show: [] as number[], set: [] as number[] };
  const timed = async (name: keyof typeof times, work: () => Promise<unknown>) => {
    const at = performance.now();
    await work();
    times[name].push(performance.now() - at);
  };
  const group = `/groups/${encodeURIComponent(`telegram:${MEASURED}`)}`;
  for (let round = 0; round < ROUNDS; round++) {
    const message = update(MEASURED, `message ${round}`, "Group 0", 5000 + (round % MEMBERS));
    await timed("accept", () => install.post(message));
    await timed("show", () => install.api(group));
    await timed("set", () => install.api(group, "PATCH", { turnTimeout: 100 + round }));
  }
  const median = (name: keyof typeof times) => percentiles(times[name]).p50;
  return { accept: median("accept"), show: median("show"), set: median("set") };
}
