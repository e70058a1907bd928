import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Peers, type TelegramCall } from "../flows/peers-client.ts";
import { type RunningPeers, startPeers } from "../peers/start.ts";
import { freePort, freshFolder, type Install, startInstall } from "./install.ts";
import { seededRandom, testSeed } from "./random.ts";
import { TelegramSender } from "./telegram-sender.ts";

const CHATS = 6;
const KILLS = Number(process.env.E2E_KILLS ?? 4);
const SECRET = "webhook-secret";
/** On a busy machine the answer to a send is read so much later than it was given. */
const SLACK_MS = 3000;
/** So much later the platform reads a send that had left before the kill. */
const READ_MS = 500;
const TEST_MS = 240_000;
const ANSWERED_WITHIN_MS = 30_000;

let running: RunningPeers;
let peers: Peers;
beforeAll(async () => {
  running = await startPeers();
  peers = new Peers(running.addresses);
});
afterAll(() => running.close());

test("kills at random moments under load lose no accepted message and repeat only a send that a kill cut, once", {
  timeout: 240_000,
  // The platform keeps what the first try showed.
  retry: 0,
}, async () => {
  const random = seededRandom(testSeed());
  const options = { stateDir: freshFolder(), port: await freePort(), env: environment() };
  let install = await startInstall(options);
  const load = new AbortController();
  const talking = talk(install, random, load.signal);
  const kills: number[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    await sleep(100 + random() * 2000);
    kills.push(Date.now());
    await install.kill();
    install = await startInstall(options);
  }
  const restarted = Date.now();
  load.abort();
  const accepted = await talking;
  const shown = await answersTo(accepted);
  const unknown = await unknownSends(install);
  await install.kill();
  const doubled = [...shown.values()].filter((calls) => calls.length > 1).length;
  const settled = Math.max(...[...shown.values()].flat().map(({ at }) => at)) - restarted;
  console.log(
    `${accepted.length} accepted over ${KILLS} kills, ${doubled} shown twice, all answered ${settled} ms after`,
  );
  expect(accepted.length).toBeGreaterThan(CHATS);
  // A send that was killed twice is not made a third time: it waits for the operator.
  expect(accepted.filter((marker) => !shown.has(marker) && !unknown.includes(marker))).toEqual([]);
  const wrong = [...shown].filter(([, calls]) => doubledWithoutKill(calls, kills));
  // Shown from the first call on, so that a failure tells what came when.
  expect(wrong.map(([marker, calls]) => [marker, sinceFirst(calls, kills)])).toEqual([]);
});

function environment(): Record<string, string> {
  const { modelBase, telegramRoot, telegramToken } = running.addresses;
  return {
    API_BASE: modelBase,
    MODEL: "echo",
    TELEGRAM_BOT_TOKEN: telegramToken,
    TELEGRAM_API_ROOT: telegramRoot,
    TELEGRAM_WEBHOOK_SECRET: SECRET,
    ALLOW_FROM: Array.from({ length: CHATS }, (_, chat) => `telegram:${1001 + chat}`).join(),
  };
}

/** People write in all chats until the signal; answers what was accepted, by the marker in its text. */
async function talk({ url }: Install, random: () => number, signal: AbortSignal): Promise<string[]> {
  const accepted: string[] = [];
  const webhook = { url: `${url}/webhook/telegram`, secret: SECRET };
  const person = async (chat: number) => {
    const sender = new TelegramSender(webhook, chat);
    for (let number = 1; !signal.aborted; number++) {
      const marker = `<${chat}#${number}>`.replaceAll(/[<>]/g, "~");
      // Once begun, a message is delivered to the end: Telegram does not give up either.
      await sender.deliver(`question ${marker}`, AbortSignal.timeout(TEST_MS));
      accepted.push(marker);
      await sleep(random() * 400);
    }
  };
  await Promise.all(Array.from({ length: CHATS }, (_, index) => person(1001 + index)));
  return accepted;
}

/** Which calls showed an answer to which message, when all are answered or the time is up. */
async function answersTo(accepted: string[]): Promise<Map<string, TelegramCall[]>> {
  const deadline = Date.now() + ANSWERED_WITHIN_MS;
  for (let shown = 1; ; shown++) {
    const calls = (await peers.calls({ atLeast: shown, timeoutMs: 1000 })).filter(
      ({ outcome }) => outcome === "shown",
    );
    const byMarker = new Map<string, TelegramCall[]>();
    for (const call of calls) {
      for (const marker of new Set(String(call.body.text).match(/~\d+#\d+~/g))) {
        byMarker.set(marker, [...(byMarker.get(marker) ?? []), call]);
      }
    }
    const settled = accepted.every((marker) => byMarker.has(marker));
    if (settled || Date.now() > deadline) return byMarker;
    shown = calls.length;
  }
}

/** The texts of sends of which nobody knows how they ended. */
async function unknownSends({ url, stateDir }: Install): Promise<string> {
  const token = readFileSync(join(stateDir, "admin-token"), "utf8").trim();
  const answer = await fetch(`${url}/api/dead-letters`, { headers: { authorization: `Bearer ${token}` } });
  const letters = (await answer.json()) as { state: string; text: string }[];
  return letters.map(({ state, text }) => (state === "unknown" ? text : "")).join("\n");
}

/** Only a send that was under way when the process was killed may be made again, and once. */
function doubledWithoutKill(calls: TelegramCall[], kills: number[]): boolean {
  if (calls.length === 1) return false;
  const [first, ...others] = calls;
  const inside = (kill: number) => kill >= first!.began - READ_MS && kill < first!.at + SLACK_MS;
  return others.length > 1 || !kills.some(inside);
}

/** Milliseconds after the first call began: each call, and each kill. */
function sinceFirst(calls: TelegramCall[], kills: number[]) {
  const start = calls[0]!.began;
  const of = (call: TelegramCall) => [call.began - start, call.at - start, call.method];
  return { calls: calls.map(of), kills: kills.map((kill) => kill - start) };
}
