import { HOME, type Notebook } from "../agent/notebook.ts";
import type { ExecRequest, ExecResult, Shell } from "../agent/shell.ts";
import { ToolError } from "../agent/tools/tool.ts";
import type { Container } from "./container.ts";
import { BOUNDS, type HelperResult, type Reach } from "./hands.ts";
import { bringIn, some } from "./inward.ts";
import { type Sent, sendOut } from "./outward.ts";
import { refusal } from "./policy.ts";

export interface ContainerOptions {
  reach: Reach;
  /** Harmless variables, each `NAME=value`. */
  env?: readonly string[];
  /** The command could read what came from outside. */
  outside?(): void;
}

/** A container keeps what tools make for themselves out of the workspace. */
const ENV = {
  HOME,
  USER: "agent",
  LANG: "C.UTF-8",
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  XDG_CACHE_HOME: "/tmp/cache",
  npm_config_cache: "/tmp/npm",
  PYTHONUSERBASE: "/tmp/python",
  NODE_EXTRA_CA_CERTS: "/etc/cloudflare/certs/cloudflare-containers-ca.crt",
  REQUESTS_CA_BUNDLE: "/etc/ssl/certs/ca-certificates.crt",
  XDG_CONFIG_HOME: "/tmp/config",
  PLAYWRIGHT_BROWSERS_PATH: "/opt/browsers",
  AGENT_BROWSER_EXECUTABLE_PATH: "/usr/local/bin/chromium",
  AGENT_BROWSER_SOCKET_DIR: "/tmp/agent-browser",
  // The container isolates; there, Chromium may neither make a sandbox of its own nor count on shared memory.
  AGENT_BROWSER_ARGS: "--no-sandbox,--disable-dev-shm-usage",
  // All HTTPS ends at the Worker, which checks the real certificate; Chromium does not read the system's list of CAs.
  AGENT_BROWSER_IGNORE_HTTPS_ERRORS: "1",
};

/** Commands in a group's container, over the notebook's files: see `sync.ts` for what travels when. */
export function containerShell(container: Container, notebook: Notebook, options: ContainerOptions): Shell {
  return {
    exec: async (request) => {
      const reason = refusal(request.command);
      if (reason) return { stdout: "", stderr: `Not run: ${reason}.`, exitCode: 126, ended: "refused" };
      return container.alone(() => new Command(container, notebook, options, request).run());
    },
  };
}

class Command {
  readonly #container: Container;
  readonly #notebook: Notebook;
  readonly #options: ContainerOptions;
  readonly #request: ExecRequest;

  constructor(container: Container, notebook: Notebook, options: ContainerOptions, request: ExecRequest) {
    this.#container = container;
    this.#notebook = notebook;
    this.#options = options;
    this.#request = request;
  }

  async run(): Promise<ExecResult> {
    const { signal } = this.#request;
    const { reach } = this.#options;
    if (signal.aborted) return STOPPED;
    await this.#container.meet(reach);
    const answer = await this.#answer();
    if (!answer || signal.aborted || answer.ended === "stopped") return STOPPED;
    const fromOutside = answer.sent.outside.length > 0 || answer.reached.length > 0;
    if (fromOutside) this.#options.outside?.();
    return this.#keep(answer, fromOutside);
  }

  /** Undefined where it was stopped: then it does not matter how its container took that. */
  async #answer(): Promise<Answer | undefined> {
    try {
      return (await this.#attempt(false)) ?? (await this.#attempt(true));
    } catch (error) {
      if (this.#request.signal.aborted) return undefined;
      throw error;
    }
  }

  /** Undefined where the container is another than the one that was met: it slept, or died. Nothing has run then. */
  async #attempt(anew: false): Promise<Answer | undefined>;
  async #attempt(anew: true): Promise<Answer>;
  async #attempt(anew: boolean): Promise<Answer | undefined> {
    const isNew = anew || this.#container.base.marker === undefined;
    if (isNew) await this.#container.begin();
    const { reach, env = [] } = this.#options;
    const roots = this.#notebook.roots();
    const { command, timeoutMs, signal } = this.#request;
    const sent = await sendOut(this.#container, this.#notebook, roots, command).catch((error) => {
      // Where the container is another one by now, there is no place for our files.
      if (isNew || !(error instanceof ToolError)) throw error;
      return undefined;
    });
    if (!sent) return undefined;
    const seconds = Math.ceil(timeoutMs / 1000);
    const variables = { ...ENV, ...variablesOf(env) };
    const request = { command, cwd: HOME, seconds, env: variables, roots, parts: sent.parts, bounds: BOUNDS };
    const asked = isNew ? { ...request, start: true as const } : request;
    // A file from outside may be what runs: it acts for whoever wrote it, not for who asks now.
    const outside = reach.outside || sent.outside.length > 0;
    if (outside) this.#options.outside?.();
    const answer = await this.#container.ask(asked, { ...reach, outside }, signal);
    if (!answer && isNew) throw await this.#container.lost("it ended at once");
    return answer && { ...answer, sent };
  }

  async #keep(answer: Answer, fromOutside: boolean): Promise<ExecResult> {
    const { save, commit, author } = this.#request;
    const { left, outside } = answer.sent;
    const roots = this.#notebook.roots();
    const result = (notes: readonly string[]) => resultOf(answer, notes);
    const notes = await bringIn(this.#container, answer, {
      notebook: this.#notebook,
      roots,
      author: fromOutside ? { ...author, trust: "outside" } : author,
      notes: [
        ...(left.length > 0 ? [`${LEFT}: ${some(left)}.`] : []),
        ...(outside.length > 0 && !this.#options.reach.outside ? [`${LOWERED}: ${some(outside)}.`] : []),
      ],
      more: (notes) => save?.(result(notes)) ?? [],
      commit: (notes) => {
        this.#container.keeps();
        commit?.(result(notes));
      },
    }).catch(async (error) => {
      // What was not kept here may not appear with the next command either.
      await this.#container.stop();
      throw error;
    });
    return result(notes);
  }
}

type Answer = HelperResult & { sent: Sent; reached: string[] };

const STOPPED: ExecResult = { stdout: "", stderr: "", exitCode: 130, ended: "stopped" };
const LEFT = "No room in the sandbox for these files; name one in the command to have it there";
const LOWERED =
  "These files come from outside, so commands beside them only read from listed hosts, without credentials, until " +
  "they are removed or written anew in a new conversation";

function resultOf({ stdout, stderr, exitCode, ended }: Answer, notes: readonly string[]): ExecResult {
  const gap = stderr && !stderr.endsWith("\n") ? "\n" : "";
  const all = notes.length > 0 ? `${stderr}${gap}[${notes.join(" ")}]\n` : stderr;
  return { stdout, stderr: all, exitCode, ...(ended ? { ended } : {}) };
}

function variablesOf(env: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    env.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
  );
}
