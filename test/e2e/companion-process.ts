import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { StartedWhatsAppServer } from "@openclaw/crabline";
import { WhatsAppDisk } from "../../bridge/whatsapp/disk.ts";
import { cleanEnv, ROOT } from "./install.ts";

/** A real `npm run companion` whose account is linked to a local WhatsApp. */
export class CompanionProcess {
  readonly folder: string;
  readonly #env: Record<string, string>;
  #child: ChildProcess | undefined;
  output = "";

  constructor(folder: string, env: Record<string, string>) {
    this.folder = folder;
    this.#env = { ...env, COMPANION_DIR: folder };
    mkdirSync(folder, { recursive: true });
  }

  /** Starts it and waits until WhatsApp is connected. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [join(ROOT, "bridge/main.ts")], { env: cleanEnv(this.#env) });
    this.#child = child;
    this.output = "";
    await new Promise<void>((ready, failed) => {
      const hear = (data: Buffer) => {
        this.output += data;
        if (this.output.includes("WhatsApp: connected")) ready();
      };
      child.stdout.on("data", hear);
      child.stderr.on("data", hear);
      child.once("close", () => failed(new Error(`the companion ended:\n${this.output}`)));
    });
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#child!;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "close");
    child.kill(signal);
    await gone;
  }

  /** Events on its disk that the Worker does not have yet. */
  waiting(): number {
    using disk = new DatabaseSync(join(this.folder, "companion.db"), { readOnly: true });
    return Number(disk.prepare("select count(*) as n from items").get()!.n);
  }

  /** Whether a message of WhatsApp's is on its disk, or was before the Worker had it: first it waits, then it is kept too. */
  took(id: string): boolean {
    using waiting = new DatabaseSync(join(this.folder, "companion.db"), { readOnly: true });
    using kept = new DatabaseSync(join(this.folder, "whatsapp.db"), { readOnly: true });
    return (
      waiting.prepare("select 1 from items where instr(item, ?)").get(id) !== undefined ||
      kept.prepare("select 1 from messages where id = ?").get(id) !== undefined
    );
  }

  get pid(): number {
    return this.#child!.pid!;
  }
}

/** Writes a link as a phone makes it: the account that the local WhatsApp serves. */
export function link(folder: string, { manifest }: StartedWhatsAppServer): void {
  mkdirSync(folder, { recursive: true });
  const disk = new WhatsAppDisk(join(folder, "whatsapp.db"));
  const { state, save } = disk.auth();
  Object.assign(state.creds, {
    me: { id: manifest.selfJid.replace("@", ":1@"), name: "Flare" },
    account: {},
  });
  state.creds.registered = true;
  save();
  disk.close();
}
