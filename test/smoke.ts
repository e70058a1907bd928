/** `npm run smoke`: the README's start command in an empty folder, a real message through the console's socket, its answer. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const stateDir = mkdtempSync(join(tmpdir(), "nanoflare-smoke-"));
const port = await freePort();
const started = performance.now();
const child = spawn("npm", ["start"], {
  env: { ...process.env, PORT: String(port), STATE_DIR: stateDir },
  stdio: ["ignore", "pipe", "inherit"],
  detached: true,
});
const ended = new Promise((done) => child.once("exit", done));

try {
  const link = await printedLink(child);
  console.log(`the link was printed after ${seconds()} s`);
  const opened = await fetch(link, { redirect: "manual" });
  if (opened.status !== 200) throw new Error(`the link answered ${opened.status}`);
  const answer = await ask("remember that the bins go out on Tuesday");
  console.log(`answered after ${seconds()} s: ${answer}`);
  const known = await ask("what do you know?");
  if (!known.includes("bins")) throw new Error(`it did not remember: ${known}`);
  console.log("1 passed, 0 failed");
} finally {
  if (child.exitCode === null) process.kill(-child.pid!, "SIGTERM");
  await ended;
  rmSync(stateDir, { recursive: true, force: true });
}

/** Sends a message as the CLI does, and waits for the assistant's. */
function ask(text: string): Promise<string> {
  const token = readFileSync(join(stateDir, "admin-token"), "utf8").trim();
  const options = { headers: { authorization: `Bearer ${token}` } } as unknown as string[];
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/chat/cli:main/socket`, options);
  const key = crypto.randomUUID();
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`no answer to "${text}" in 60 s`)), 60_000);
    socket.onerror = () => fail(new Error("the socket could not be opened"));
    socket.onopen = () => socket.send(JSON.stringify({ type: "send", key, text }));
    socket.onmessage = (event) => {
      const frame = JSON.parse(String(event.data));
      if (frame.type !== "message" || frame.message.from !== "assistant") return;
      clearTimeout(timer);
      socket.close();
      done(frame.message.text);
    };
  });
}

function printedLink(start: ChildProcess): Promise<string> {
  let output = "";
  return new Promise((done, fail) => {
    start.once("exit", (code) => fail(new Error(`npm start ended with ${code}:\n${output}`)));
    start.stdout!.on("data", (data) => {
      output += data;
      process.stdout.write(data);
      const link = /https?:\/\/\S+\/login\/\S+/.exec(output)?.[0];
      if (link) done(link);
    });
  });
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port: free } = server.address() as { port: number };
      server.close(() => done(free));
    });
  });
}

function seconds(): string {
  return ((performance.now() - started) / 1000).toFixed(1);
}
