import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type StartedWhatsAppServer, startWhatsAppServer } from "@openclaw/crabline";
import { CompanionProcess, link } from "../test/e2e/companion-process.ts";
import { pss, startInstall } from "./install.ts";
import { figure } from "./measure.ts";
import type { BenchPeers } from "./peers.ts";

const PERSON = "15551234000";
const MIB = 1024 * 1024;
const PER_SECOND = 10;
const SECONDS = 30;
/** Longer than it takes to notice, so that the companion is at its slowest. */
const OUTAGE_MS = 20_000;

/** The companion's memory under traffic, and how soon it is back when the network is. */
export async function companion(peers: BenchPeers): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "nanoflare-bench-"));
  const whatsapp = await startWhatsAppServer({ recorderPath: join(folder, "whatsapp.jsonl") });
  const install = await startInstall(peers, undefined, { BRIDGE_TOKEN: "bench", ALLOW_FROM: "telegram:1" });
  const network = await startNetwork(Number(new URL(install.url).port));
  link(folder, whatsapp);
  const process = new CompanionProcess(folder, {
    NANOFLARE_URL: network.url,
    BRIDGE_TOKEN: "bench",
    WHATSAPP_SOCKET_URL: whatsapp.manifest.endpoints.baileysWebSocketUrl,
  });
  await process.start();
  for (let n = 0; n < PER_SECOND * SECONDS; n++) {
    await write(whatsapp, `message ${n}`);
    await sleep(1000 / PER_SECOND);
  }
  await delivered(process);
  figure(`companion with one account after ${PER_SECOND} messages a second`, pss(process.pid) / MIB, "MiB", {
    most: 150,
  });
  for (const way of ["refuses", "is silent"] as const) {
    network.fail(way);
    await write(whatsapp, `while the network ${way}`);
    await sleep(OUTAGE_MS);
    network.mend();
    const at = performance.now();
    await delivered(process);
    figure(`companion resumes after a network that ${way}`, (performance.now() - at) / 1000, "s", {
      most: 5,
    });
  }
  await process.kill();
  await install.remove();
  network.close();
  await whatsapp.close();
  rmSync(folder, { recursive: true });
}

/** Resolves when the Worker has all that the companion took. */
async function delivered(process: CompanionProcess): Promise<void> {
  while (process.waiting() > 0) await sleep(20);
}

async function write({ manifest }: StartedWhatsAppServer, text: string): Promise<void> {
  const { adminToken, endpoints } = manifest;
  const jid = `${PERSON}@s.whatsapp.net`;
  const answer = await fetch(endpoints.adminInboundUrl, {
    method: "POST",
    headers: { "content-type": "application/json", "x-crabline-admin-token": adminToken },
    body: JSON.stringify({ chatJid: jid, senderJid: jid, text }),
  });
  if (!answer.ok) throw new Error(`WhatsApp answered ${answer.status}`);
}

interface Network {
  url: string;
  /** `refuses`: no connection is made, and those there are break. `is silent`: nothing arrives any more. */
  fail(way: "refuses" | "is silent"): void;
  mend(): void;
  close(): void;
}

/** A network before a port of this machine, which can fail. What it swallows while it is silent is sent again, as by TCP. */
async function startNetwork(port: number): Promise<Network> {
  const open = new Set<Socket>();
  let failing: "refuses" | "is silent" | undefined;
  const held: (() => void)[] = [];
  const pass = (work: () => void) => (failing === "is silent" ? void held.push(work) : work());
  const server = createServer((near) => {
    open.add(near);
    near.on("error", () => undefined).on("close", () => open.delete(near));
    if (failing === "refuses") return void near.destroy();
    pass(() => {
      const far = connect(port, "127.0.0.1").on("error", () => near.destroy());
      near.on("data", (data) => pass(() => far.write(data))).on("close", () => pass(() => far.destroy()));
      far.on("data", (data) => pass(() => near.write(data))).on("close", () => pass(() => near.destroy()));
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port: own } = server.address() as { port: number };
  const end = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${own}`,
    fail(way) {
      failing = way;
      if (way === "refuses") end();
    },
    mend() {
      failing = undefined;
      for (const work of held.splice(0)) work();
    },
    close() {
      end();
      server.close();
    },
  };
}
