import { spawn } from "node:child_process";
import { join } from "node:path";
import { cleanEnv, ROOT } from "../e2e/install.ts";

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `nanoflare` as a person does, by its launcher and the Node of PATH; `input` is piped into it. */
export function nanoflare(
  args: string[],
  options: { env?: Record<string, string>; input?: string } = {},
): Promise<Ran> {
  const child = spawn(join(ROOT, "cli/nanoflare.mjs"), args, {
    env: systemNode(cleanEnv(options.env)),
    cwd: "/",
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data) => (stdout += data));
  child.stderr.on("data", (data) => (stderr += data));
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  return new Promise((done) => child.on("close", (code) => done({ code, stdout, stderr })));
}

/** Without the Node of node_modules in PATH, so that the machine's own runs the launcher. */
function systemNode(env: Record<string, string>): Record<string, string> {
  const path = (env.PATH ?? "").split(":").filter((folder) => !folder.includes("node_modules"));
  return { ...env, PATH: path.join(":") };
}
