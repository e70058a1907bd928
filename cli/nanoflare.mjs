#!/usr/bin/env node
// The commands are TypeScript and need Node 24, which `npm ci` brings; the machine's own Node may be older. This file
// runs on any: it goes on in this process if that is new enough, else in the Node of node_modules.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
// The start stays for long and watches its memory: it does not load what the other commands need.
const main = join(here, process.argv.slice(2).join() === "start" ? "start.ts" : "main.ts");

// What was compiled once: a command answers in half the time. Elsewhere than under node_modules others might write to it.
const cache = process.env.NODE_COMPILE_CACHE ?? join(here, "..", "node_modules", ".cache", "node");

/** `node_modules/node` of this package, or of the one that it is installed into. */
function findNode() {
  const name = process.platform === "win32" ? "node.exe" : "node";
  for (let folder = here; folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, "node_modules", "node", "bin", name);
    if (existsSync(file)) return file;
  }
}

function runIn(node) {
  const env = { ...process.env, NODE_COMPILE_CACHE: cache };
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: "inherit", env });
  // A terminal sends Ctrl-C to both; only the child decides what it means. Others get only here and are passed on.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) =>
    fail(`Node 24 in node_modules does not start (${error.message}): run npm ci again.`),
  );
  child.on("exit", (code, signal) => {
    if (!signal) return process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function fail(reason) {
  console.error(reason);
  process.exit(1);
}

const node = findNode();
if (Number(process.versions.node.split(".")[0]) >= 24) {
  module.enableCompileCache(cache);
  await import(main);
} else if (node) runIn(node);
else fail(`nanoflare needs Node 24 and this is ${process.version}: run npm ci, which brings it.`);
