import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { freePort } from "../e2e/install.ts";

/** MCP's own reference server, over streamable HTTP. */
export interface Everything {
  url: string;
  stop(): void;
}

export async function startEverything(): Promise<Everything> {
  const entry = createRequire(import.meta.url).resolve(
    "@modelcontextprotocol/server-everything/dist/index.js",
  );
  const port = await freePort();
  const env = { ...process.env, PORT: String(port) };
  const child = spawn(process.execPath, [entry, "streamableHttp"], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  await listening(child);
  return { url: `http://127.0.0.1:${port}/mcp`, stop: () => child.kill("SIGKILL") };
}

function listening(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    const heard = (data: unknown) => {
      said += data;
      if (said.includes("listening on port")) resolve();
    };
    child.stdout!.on("data", heard);
    child.stderr!.on("data", heard);
    child.once("close", () => reject(new Error(`the reference server ended: ${said}`)));
  });
}
