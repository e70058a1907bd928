/** `npm run bench`: the figures that the project promises, each beside its goal. Every ratio is taken in this one run. */
import { type ChildProcess, spawn } from "node:child_process";
import { companion } from "./companion.ts";
import { doors } from "./doors.ts";
import { groups } from "./groups.ts";
import { type Install, pss, startInstall, startUpMs, update, uploadKiB } from "./install.ts";
import { figure, load, missedGoals, percentiles, type Run } from "./measure.ts";
import { startBenchPeers } from "./peers.ts";
import { shells } from "./shells.ts";
import { tasks } from "./tasks.ts";

const CONNECTIONS = 32;
const MESSAGES = 6000;
const HEADERS = { "content-type": "application/json", "x-telegram-bot-api-secret-token": "bench-secret" };
const MIB = 1024 * 1024;

const peers = await startBenchPeers();
const began = performance.now();
const install = await startInstall(peers);
await say(install, 1, "hello");
figure("first answer after the start", (performance.now() - began) / 1000, "s", { most: 8 });

/** In the order of a run; `npm run bench -- history upload` takes these alone. */
const parts: Record<string, () => Promise<void>> = {
  request: () => requestSize(install),
  subrequests: () => subrequests(install),
  overhead: () => overhead(install),
  chats: () => manyChats(install),
  accept: () => accept(install),
  memory,
  history: () => history(install),
  tasks: () => tasks(install),
  groups: () => groups(peers),
  doors: () => doors(peers),
  companion: () => companion(peers),
  restart: () => restart(install),
  shells,
  upload,
};
const chosen = process.argv.slice(2);
for (const [name, part] of Object.entries(parts))
  if (chosen.length === 0 || chosen.includes(name)) await part();
await install.remove();
peers.close();
console.log(`${missedGoals()} goals missed`);
process.exit(missedGoals() === 0 ? 0 : 1);

/** Sends a direct message and waits for its answer; milliseconds from the post to the answer's arrival. */
async function say(to: Install, chat: number, text: string): Promise<number> {
  const count = peers.seen.answers.length + 1;
  const at = performance.now();
  await to.post(update(chat, text));
  await peers.answered(count);
  return peers.seen.answers[count - 1]!.at - at;
}

async function requestSize(to: Install): Promise<void> {
  await group(to, -100);
  await to.post(update(-100, "@Flare hello", "Family"));
  await peers.answered(peers.seen.answers.length + 1);
  figure("request for “hello” in an ordinary group", Buffer.byteLength(peers.seen.model.at(-1)!), "bytes", {
    most: 8192,
  });
}

/** Registers a group as main does. */
async function group(to: Install, chat: number): Promise<void> {
  await to.post(update(chat, "@Flare hello", "Family"));
  await to.api("/groups", "POST", { name: `telegram:${chat}` });
}

/** HTTP requests of a turn, and what it asks of R2 (two a write) and the directory (two), as the code has it. */
async function subrequests(to: Install): Promise<void> {
  const before = peers.seen.requests;
  await say(to, 2, "tools:3");
  figure("subrequests of a turn of three tool calls", peers.seen.requests - before + 3 * 2 + 2, "", {
    most: 40,
  });
}

async function overhead(to: Install): Promise<void> {
  for (let index = 0; index < 20; index++) await say(to, 3, `warm ${index}`);
  const times: number[] = [];
  for (let index = 0; index < 200; index++) times.push(await say(to, 3 + (index % 10), `hello ${index}`));
  const { p50, p95 } = percentiles(times);
  figure("webhook to answer with an instant model, p50", p50, "ms", { most: 40 });
  figure("webhook to answer with an instant model, p95", p95, "ms", { most: 100 });
}

async function manyChats(to: Install): Promise<void> {
  const chats = Array.from({ length: 20 }, (_, index) => 200 + index);
  for (const chat of chats) await say(to, chat, "hello");
  const count = peers.seen.answers.length + chats.length;
  const at = performance.now();
  await Promise.all(chats.map((chat) => to.post(update(chat, "all at once"))));
  await peers.answered(count);
  figure("20 chats at once, all answered", performance.now() - at, "ms", { most: 500 });
}

/** Messages that wake nothing, against the least that could be called accepting one. */
async function accept(to: Install): Promise<void> {
  const chats = Array.from({ length: 16 }, (_, index) => -(300 + index));
  for (const chat of chats) await group(to, chat);
  const bodies = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      JSON.stringify(update(chats[index % chats.length]!, `message ${index}`, "Family")),
    );
  const bare = await startBare();
  const ours: Run[] = [];
  const theirs: Run[] = [];
  // Side by side in short rounds, so that both meet the same machine.
  for (let round = 0; round < 4; round++) {
    theirs.push(await load(bare.url, HEADERS, bodies(MESSAGES / 4), CONNECTIONS));
    ours.push(await load(`${to.url}/webhook/telegram`, HEADERS, bodies(MESSAGES / 4), CONNECTIONS));
  }
  bare.child.kill();
  const best = (runs: Run[]) => Math.max(...runs.slice(1).map((run) => run.perSecond));
  console.log(`       accepted a second: ${best(ours).toFixed(0)}, bare ${best(theirs).toFixed(0)}`);
  figure("accept path, share of a bare insert and alarm", (best(ours) / best(theirs)) * 100, "%", {
    least: 60,
  });
  figure("accept path, p99 at 32 connections", Math.max(...ours.slice(1).map((run) => run.p99)), "ms", {
    most: 250,
  });
}

async function memory(): Promise<void> {
  const bare = await startBare();
  const base = pss(bare.child.pid!);
  bare.child.kill();
  const fresh = await startInstall(peers);
  for (let chat = 200; chat < 220; chat++) await say(fresh, chat, "hello");
  const twenty = fresh.memory();
  figure("memory above a bare Miniflare with 20 active chats", (twenty - base) / MIB, "MiB", { most: 120 });
  // As many turns again in the same chats: what they leave to the collector is not the new groups' memory.
  for (let turn = 0; turn < 200; turn++) await say(fresh, 200 + (turn % 20), "hello");
  const used = fresh.memory();
  for (let chat = 220; chat < 420; chat++) await say(fresh, chat, "hello");
  figure("memory of one more active group", (fresh.memory() - used) / 200 / MIB, "MiB", { most: 1 });
  await fresh.remove();
}

/** The same group with little and with 10,000 messages of history. */
async function history(to: Install): Promise<void> {
  const [young, old] = [-400, -401];
  for (const chat of [young, old]) await group(to, chat);
  await load(
    `${to.url}/webhook/telegram`,
    HEADERS,
    Array.from({ length: 10_000 }, (_, index) => JSON.stringify(update(old, `message ${index}`, "Family"))),
    CONNECTIONS,
  );
  const first = await wake(to, old);
  console.log(`       the first answer over 10,000 unread messages took ${first.toFixed(0)} ms`);
  const times = { young: [] as number[], old: [] as number[] };
  const accepts = { young: [] as number[], old: [] as number[] };
  for (let index = 0; index < 40; index++) {
    for (const [name, chat] of [
      ["young", young],
      ["old", old],
    ] as const) {
      accepts[name].push(await timed(() => to.post(update(chat, `chatter ${index}`, "Family"))));
      times[name].push(await wake(to, chat));
    }
  }
  const ratio = (pair: { young: number[]; old: number[] }) =>
    (percentiles(pair.old).p50 / percentiles(pair.young).p50) * 100;
  figure("accepting after 10,000 messages, share of before", ratio(accepts), "%", { most: 120 });
  figure("answering after 10,000 messages, share of before", ratio(times), "%", { most: 120 });
}

async function wake(to: Install, chat: number): Promise<number> {
  const count = peers.seen.answers.length + 1;
  return timed(async () => {
    await to.post(update(chat, "@Flare and now?", "Family"));
    await peers.answered(count);
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const at = performance.now();
  await work();
  return performance.now() - at;
}

/** SIGKILL in the middle of 20 turns, then a start over the same state. */
async function restart(to: Install): Promise<void> {
  const asked = Array.from({ length: 20 }, (_, index) => 200 + index);
  const [before, calls] = [peers.seen.answers.length, peers.seen.model.length];
  peers.delay(3000);
  await Promise.all(asked.map((chat) => to.post(update(chat, "in the middle"))));
  while (peers.seen.model.length < calls + asked.length) await new Promise((done) => setTimeout(done, 10));
  await to.kill();
  peers.delay(0);
  const again = await startInstall(peers, to.stateDir);
  const at = performance.now();
  await peers.answered(before + asked.length);
  figure("all 20 answered after a kill and a restart", (performance.now() - at) / 1000, "s", { most: 5 });
  await again.remove();
}

async function startBare(): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(process.execPath, ["bench/bare.ts"], { stdio: ["ignore", "pipe", "inherit"] });
  const url = await new Promise<string>((done) =>
    child.stdout!.once("data", (data) => done(String(data).trim())),
  );
  return { url, child };
}

/** What a deploy sends, and what Cloudflare runs before the first request. */
async function upload(): Promise<void> {
  figure("upload, gzip", uploadKiB(), "KiB", { most: 1024 });
  figure("start-up of the Worker", startUpMs(), "ms", { most: 200 });
}
