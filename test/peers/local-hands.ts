import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Hands, type Ran, type Reach, STATE } from "../../sandbox/hands.ts";

const HELPER = join(import.meta.dirname, "../../sandbox/hands.py");

/**
 * A container's stand-in: what the Worker asks for really runs, on this machine, with a temporary folder in the place
 * of the container's disk. Commands read `/workspace` as that folder's.
 */
export class LocalHands implements Hands {
  root = "";
  /** Starts so far: a container that died is started by the next call. */
  starts = 0;
  calls: string[] = [];
  reached: string[] = [];
  /** Called before the container does what it is asked; it may throw, or end the container. */
  before: (what: string) => void | Promise<void> = () => {};
  readonly #running = new Set<ChildProcess>();

  async run(command: string, reach: Reach): Promise<Ran> {
    await this.#reached(command);
    if (reach.outside) this.reached = ["*"];
    const child = spawn("bash", ["-c", this.#here(command)], {
      env: { PATH: "/usr/local/bin:/usr/bin:/bin", NANOFLARE_ROOT: this.root },
      detached: true,
    });
    this.#running.add(child);
    const start = this.starts;
    const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
    const exitCode = await new Promise<number>((resolve) =>
      child.on("close", (code) => resolve(code ?? 137)),
    );
    this.#running.delete(child);
    if (start !== this.starts || !this.root) throw new Error("the container went away");
    return {
      stdout: this.#there(await stdout),
      stderr: this.#there(await stderr),
      exitCode,
      reached: this.reached,
    };
  }

  async begin(): Promise<void> {
    await this.#reached("begin");
    mkdirSync(this.#here(STATE), { recursive: true, mode: 0o700 });
    copyFileSync(HELPER, this.#here(`${STATE}/hands.py`));
  }

  async put(path: string, content: string): Promise<void> {
    await this.#reached(`put ${path}`);
    writeFileSync(this.#here(path), this.#commandHere(content));
  }

  /** As a kill of the machine. */
  async end(): Promise<void> {
    for (const child of this.#running) kill(child);
    if (this.root) rmSync(this.root, { recursive: true, force: true, maxRetries: 20 });
    this.root = "";
    this.reached = [];
  }

  /** Where a file of the container lies on this machine. */
  path(inside: string): string {
    return this.root + inside;
  }

  async #reached(what: string): Promise<void> {
    this.calls.push(what);
    await this.before(what);
    if (this.root) return;
    this.root = mkdtempSync(join(tmpdir(), "hands-"));
    // Commands run as nobody special, and have to get in.
    chmodSync(this.root, 0o755);
    this.starts++;
  }

  #here(line: string): string {
    return line.replaceAll(STATE, this.root + STATE);
  }

  /** A command and its variables speak of `/workspace`; lists of files do not change. */
  #commandHere(content: string): string {
    const asked = JSON.parse(content);
    const here = (line: string) => line.replaceAll("/workspace", `${this.root}/workspace`);
    if (asked.command) asked.command = here(asked.command);
    if (asked.env?.HOME) asked.env.HOME = here(asked.env.HOME);
    if (asked.parts) asked.parts = asked.parts.map((part: string) => this.#here(part));
    return JSON.stringify(asked);
  }

  #there(output: string): string {
    return this.root ? output.replaceAll(this.root, "") : output;
  }
}

export const newMarker = () => randomUUID();

function kill(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}
