import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { type Hands, type Ran, STATE } from "../../sandbox/hands.ts";

const HELPER = readFileSync(new URL("../../sandbox/hands.py", import.meta.url), "utf8");
const IMAGE = process.env.SANDBOX_IMAGE ?? "nanoflare-sandbox";

/** Why commands can't run in the image of `sandbox/Dockerfile` here, or undefined. */
export function whyNoDocker(): string | undefined {
  if (spawnSync("docker", ["info"], { timeout: 10_000 }).status !== 0) return "no Docker engine answers";
  const isThere = spawnSync("docker", ["image", "inspect", IMAGE]).status === 0;
  return isThere ? undefined : `there is no image; docker build -t ${IMAGE} sandbox makes it`;
}

/** A group's container in the Docker engine of this machine, without a network. */
export class DockerHands implements Hands {
  #id: Promise<string> | undefined;

  async run(command: string): Promise<Ran> {
    return { ...(await this.#inside(["bash", "-c", command])), reached: [] };
  }

  async begin(): Promise<void> {
    await this.#done(["mkdir", "-p", "-m", "700", STATE]);
    await this.put(`${STATE}/hands.py`, HELPER);
  }

  put(path: string, text: string): Promise<void> {
    return this.#done(["sh", "-c", 'cat > "$0"', path], text);
  }

  async end(): Promise<void> {
    const id = await this.#id;
    this.#id = undefined;
    if (id) await docker(["rm", "--force", id]);
  }

  async #done(words: string[], input?: string): Promise<void> {
    const { exitCode, stderr } = await this.#inside(words, input);
    if (exitCode !== 0) throw new Error(stderr);
  }

  async #inside(words: string[], input = "") {
    this.#id ??= started();
    return docker(["exec", "--interactive", await this.#id, ...words], input);
  }
}

async function started(): Promise<string> {
  const words = [
    "run",
    "--detach",
    "--init",
    "--network",
    "none",
    "--entrypoint",
    "sleep",
    IMAGE,
    "infinity",
  ];
  const { stdout, stderr, exitCode } = await docker(words);
  if (exitCode !== 0) throw new Error(stderr);
  return stdout.trim();
}

async function docker(words: string[], input = ""): Promise<Omit<Ran, "reached">> {
  const child = spawn("docker", words);
  child.stdin.on("error", () => {}).end(input);
  const ended = new Promise<number>((resolve) => child.on("close", (code) => resolve(code ?? 137)));
  const [stdout, stderr] = await Promise.all([child.stdout, child.stderr].map(text));
  return { stdout: stdout!, stderr: stderr!, exitCode: await ended };
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}
