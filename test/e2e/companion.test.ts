import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type StartedWhatsAppServer, startWhatsAppServer } from "@openclaw/crabline";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type RunningPeers, startPeers } from "../peers/start.ts";
import { CompanionProcess, link } from "./companion-process.ts";
import { freePort, freshFolder, type Install, startInstall } from "./install.ts";
import { seededRandom, testSeed } from "./random.ts";

const PEOPLE = Array.from({ length: 18 }, (_, n) => String(15551234000 + n));
/** Who writes before the Worker is there, who while the companion dies, and who while the Worker is dead. */
const [EARLY, AMIDST, LATE] = [PEOPLE.slice(0, 4), PEOPLE.slice(4, 14), PEOPLE.slice(14)];
const DEATHS = 2;
/** A machine that does other things as well may need so long. */
const PATIENCE = { timeout: 60_000, interval: 100 };
const TOKEN = "companion-token";

let peers: RunningPeers;
let whatsapp: StartedWhatsAppServer;
let companion: CompanionProcess;
let install: Install;
const recorder = join(freshFolder(), "whatsapp.jsonl");

beforeAll(async () => {
  peers = await startPeers();
  whatsapp = await startWhatsAppServer({ recorderPath: recorder });
});
afterAll(async () => {
  await companion?.kill();
  await install?.kill();
  await whatsapp.close();
  await peers.close();
});

/** A person writes to the account. Answers the message's id. */
async function write(person: string, text: string): Promise<string> {
  const { adminToken, endpoints } = whatsapp.manifest;
  const jid = `${person}@s.whatsapp.net`;
  const answer = await fetch(endpoints.adminInboundUrl, {
    method: "POST",
    headers: { "content-type": "application/json", "x-crabline-admin-token": adminToken },
    body: JSON.stringify({ chatJid: jid, senderJid: jid, text }),
  });
  expect(answer.status).toBe(200);
  const { message } = (await answer.json()) as { message: { key: { id: string } } };
  return message.key.id;
}

/**
 * People write and are answered while the companion dies at random, and comes back. What a dead one had not taken is
 * delivered again, as WhatsApp does with what no device confirmed; crabline takes what it has sent for delivered.
 */
async function writeAmidstDeaths(people: string[], random: () => number): Promise<void> {
  const deaths = Array.from({ length: DEATHS }, (_, n) =>
    Math.floor(((n + random()) * people.length) / DEATHS),
  );
  const written = new Map<string, string>();
  for (const [n, person] of people.entries()) {
    written.set(person, await write(person, `amidst ~${person}~`));
    await sleep(random() * 150);
    if (!deaths.includes(n)) continue;
    await companion.kill();
    const lost = [...written].filter(([, id]) => !companion.took(id)).map(([who]) => who);
    await companion.start();
    for (const who of lost) written.set(who, await write(who, `amidst ~${who}~`));
  }
}

interface Shown {
  id: string;
  to: string;
  text: string;
}

/** What people see: WhatsApp knows a message by its id, so one that was sent twice is there once. */
function shown(): Shown[] {
  const byId = new Map<string, Shown>();
  for (const line of readFileSync(recorder, "utf8").trim().split("\n")) {
    const { accepted, body } = JSON.parse(line);
    const text = body?.message?.conversation ?? body?.message?.extendedTextMessage?.text;
    if (accepted && body?.key?.fromMe)
      byId.set(body.key.id, { id: body.key.id, to: body.key.remoteJid, text });
  }
  return [...byId.values()];
}

test("WhatsApp's messages are answered once each, with Worker and companion killed at random", {
  timeout: 240_000,
}, async () => {
  const random = seededRandom(testSeed());
  const folder = freshFolder();
  link(folder, whatsapp);
  const options = {
    stateDir: freshFolder(),
    port: await freePort(),
    env: {
      API_BASE: peers.addresses.modelBase,
      MODEL: "echo",
      BRIDGE_TOKEN: TOKEN,
      ALLOW_FROM: PEOPLE.map((person) => `whatsapp:${person}`).join(),
    },
  };
  companion = new CompanionProcess(folder, {
    NANOFLARE_URL: `http://127.0.0.1:${options.port}`,
    BRIDGE_TOKEN: TOKEN,
    WHATSAPP_SOCKET_URL: whatsapp.manifest.endpoints.baileysWebSocketUrl,
  });
  // Nobody answers yet: what comes in waits on the companion's disk, and survives its death.
  await companion.start();
  for (const person of EARLY) await write(person, `early ~${person}~`);
  await vi.waitFor(() => expect(companion.waiting()).toBe(EARLY.length), PATIENCE);
  await companion.kill();
  const starting = startInstall(options);
  await companion.start();
  install = await starting;
  // The answers are under way when the companion dies, again and again, and once more when the Worker does.
  await sleep(random() * 1500);
  await writeAmidstDeaths(AMIDST, random);
  await install.kill();
  const again = startInstall(options);
  for (const person of LATE) await write(person, `late ~${person}~`);
  install = await again;
  const answers = (person: string) => shown().filter(({ text }) => text.includes(`~${person}~`));
  await vi.waitFor(() => expect(PEOPLE.filter((person) => answers(person).length === 0)).toEqual([]), {
    timeout: 120_000,
    interval: 200,
  });
  for (const person of PEOPLE) {
    const [answer, ...others] = answers(person);
    expect(others).toEqual([]);
    expect(answer!.to).toBe(`${person}@s.whatsapp.net`);
    expect(answer!.text).toMatch(/^Flare: You said: /);
  }
  await vi.waitFor(() => expect(companion.waiting()).toBe(0), PATIENCE);
});
