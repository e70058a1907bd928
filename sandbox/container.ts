import { ToolError } from "../agent/tools/tool.ts";
import { type Hands, type HelperAnswer, type HelperRequest, type Ran, type Reach, STATE } from "./hands.ts";
import type { Agreed, Base } from "./sync.ts";

const HELPER = `python3 -IS ${STATE}/hands.py`;
/** Seconds that the helper may take around a command: to take files over and to list them. */
const AROUND = 60;
/** For what is not a command: processes that an earlier one left behind get nothing of who asks now. */
const CLOSED: Reach = { egress: "none", outside: false, main: false };
/** Milliseconds until a stopped command has to be gone; else the container goes. */
const STOP_MS = 5_000;

/** A command was started and nobody knows how it ended. */
export class OutcomeUnknown extends ToolError {
  constructor(why: string) {
    super(
      `The sandbox was lost while this ran (${why}): its outcome is unknown. The files here are as they were before; ` +
        "what it did elsewhere is not undone, so check that before you repeat it.",
    );
  }
}

/** Which command's changes were kept last, for longer than an object lives. `set` takes part in a transaction. */
export interface LastKept {
  get(): string | undefined;
  set(run: string): void;
}

function inMemory(): LastKept {
  let last: string | undefined;
  return {
    get: () => last,
    set: (run) => {
      last = run;
    },
  };
}

/** The account has no containers: commands need another shell. */
export class NoContainers extends Error {}

/**
 * A group's container as its object knows it: which start of it was met last, and what both sides agreed on. One
 * command at a time; the files are compared around each.
 */
export class Container {
  readonly hands: Hands;
  readonly #newId: () => string;
  readonly #kept: LastKept;
  /** The command that was asked for last. */
  #run = "";
  base: Base = { marker: undefined, files: new Map() };
  /** Agreed on since the container heard of it last; lost with this object, and then found equal again. */
  #agreed: HelperRequest["agreed"] = {};
  #met = false;
  /** It has not answered since it began. */
  #isNew = false;
  /** Something from outside was in it since it started. */
  #tainted = false;
  #last: Promise<unknown> = Promise.resolve();

  /** `newId` gives names that nobody can guess. */
  constructor(hands: Hands, newId: () => string, kept = inMemory()) {
    this.hands = hands;
    this.#newId = newId;
    this.#kept = kept;
  }

  /** One after the other: commands share a tree. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }

  /**
   * Learns which start of the container this is, when that is not known. A command can leave a process or a file behind
   * that no list shows, so a turn that has read nothing from outside gets no container in which such a one ran, or
   * which has reached a host: it is ended, and begins anew.
   */
  async meet(reach: Reach): Promise<void> {
    if (!this.#met) await this.#look();
    if (reach.outside || !this.#tainted) return;
    this.forget();
    this.base = { marker: undefined, files: new Map() };
    await this.#reaching(() => this.hands.end());
  }

  async #look(): Promise<void> {
    const ran = await this.#helped(`${HELPER} look ${this.#kept.get() ?? "none"}`);
    const known = parse<{ marker: string | null; base: Record<string, [string, number]> }>(ran);
    // It could not forget what a command had changed.
    if (!known && !hasNoHelper(ran)) await this.#drop();
    this.base = { marker: known?.marker ?? undefined, files: filesOf(known?.base ?? {}) };
    this.#met = true;
  }

  /** A container that we did not start yet: it gets the helper, and has no base. */
  async begin(): Promise<void> {
    this.base = { marker: this.#newId(), files: new Map() };
    this.#agreed = {};
    this.#tainted = false;
    this.#isNew = true;
    await this.#reaching(() => this.hands.begin());
  }

  /** Nothing is known of it any more; the next command looks. */
  forget(): void {
    this.#met = false;
    this.#agreed = {};
  }

  /** Sends a file for the helper; answers its path. */
  async send(content: unknown): Promise<string> {
    const path = `${STATE}/${this.#newId()}.json`;
    await this.#reaching(() => this.hands.put(path, JSON.stringify(content)));
    return path;
  }

  /** Has the helper run a command. Undefined where the container is not the one that was met. */
  async ask(
    request: Omit<HelperRequest, "agreed" | "marker" | "run">,
    reach: Reach,
    signal: AbortSignal,
  ): Promise<(Extract<HelperAnswer, { ran: true }> & { reached: string[] }) | undefined> {
    this.#run = this.#newId();
    const asked = { ...request, run: this.#run, marker: this.base.marker, agreed: this.#agreed };
    const path = await this.send(asked).catch((error) => {
      // Where the container is another one by now, there is no place for our files.
      if (request.start || !(error instanceof ToolError)) throw error;
    });
    if (!path) return undefined;
    const ran = await this.#watched(path, request.seconds, reach, signal);
    const answer = parse<HelperAnswer>(ran);
    if (answer && "lost" in answer) return undefined;
    if (!answer) {
      if (hasNoHelper(ran)) return undefined;
      throw await this.lost(`the helper ended with ${ran.exitCode}`);
    }
    if (!answer.ran) return undefined;
    this.#isNew = false;
    this.#agreed = {};
    this.base = { marker: answer.marker, files: filesOf(answer.base) };
    this.#met = answer.ended !== "stopped";
    return { ...answer, reached: ran.reached };
  }

  /** To be called inside the transaction that keeps what the last command changed. */
  keeps(): void {
    this.#kept.set(this.#run);
  }

  /** Contents of files, in base64, as many as fit into `most` bytes. */
  async fetch(paths: string[], most: number): Promise<Record<string, string>> {
    const path = await this.send({ paths, most });
    const ran = await this.#helped(`${HELPER} fetch ${path}`);
    return parse<{ contents: Record<string, string> }>(ran)?.contents ?? {};
  }

  /** Both sides hold the same file now; undefined: both have none. */
  agree(path: string, agreed: Agreed | undefined): void {
    const files = new Map(this.base.files);
    if (agreed) files.set(path, agreed);
    else files.delete(path);
    this.base = { ...this.base, files };
    this.#agreed[path] = agreed ? [agreed.sha, agreed.version] : null;
  }

  /** Ends what runs; the helper forgets what it changed. */
  async stop(): Promise<void> {
    this.forget();
    const stopped = this.#helped(`${HELPER} stop`).then(({ exitCode }) => exitCode === 0);
    const inTime = await Promise.race([stopped.catch(() => false), later(STOP_MS).then(() => false)]);
    if (!inTime) await this.#drop();
  }

  /** The helper ends a command on time; coreutils' timeout ends the helper; a clock here ends the waiting. */
  async #watched(path: string, seconds: number, reach: Reach, signal: AbortSignal): Promise<Ran> {
    const command = `timeout -k 1 ${seconds + AROUND} ${HELPER} run ${path}`;
    let stopped: Promise<void> | undefined;
    const stop = () => {
      stopped = this.stop();
    };
    signal.addEventListener("abort", stop, { once: true });
    try {
      const late = later((seconds + 2 * AROUND) * 1000).then(() => undefined);
      const ran = await Promise.race([this.#helped(command, reach), late]);
      if (ran) return ran;
      throw await this.lost("it did not answer in time");
    } finally {
      signal.removeEventListener("abort", stop);
      await stopped;
    }
  }

  async #helped(command: string, reach?: Reach): Promise<Ran> {
    const ran = await this.#reaching(() => this.hands.run(command, reach ?? CLOSED), reach !== undefined);
    this.#tainted ||= ran.reached.length > 0;
    return ran;
  }

  /**
   * Says in one voice what can go wrong on the way to a container. One that fails at its beginning or with a command is
   * ended, as it may be full or half-way through: the next call starts an empty one.
   */
  async #reaching<T>(work: () => Promise<T>, started = false): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (/containers? (?:have|has|are|is) not (?:been )?enabled/i.test(why)) throw new NoContainers(why);
      if (started) throw await this.lost(why);
      if (this.#isNew) await this.#drop();
      this.forget();
      throw new ToolError(`The sandbox could not be reached (${why}); nothing was run. Try again.`);
    }
  }

  /** It can't be said what became of the command: what it left goes with its container. */
  async lost(why: string): Promise<OutcomeUnknown> {
    await this.#drop();
    return new OutcomeUnknown(why.slice(0, 200));
  }

  async #drop(): Promise<void> {
    this.forget();
    this.#isNew = false;
    await this.hands.end().catch(() => {});
  }
}

function filesOf(base: Record<string, [string, number]>): Map<string, Agreed> {
  return new Map(Object.entries(base).map(([path, [sha, version]]) => [path, { sha, version }]));
}

/** A container that we did not start: it has run nothing of ours. */
function hasNoHelper({ exitCode, stderr }: Ran): boolean {
  return exitCode === 2 && stderr.includes("can't open file");
}

/** The helper's answer; undefined where something else was printed. */
function parse<T>(ran: Ran): T | undefined {
  try {
    return JSON.parse(ran.stdout) as T;
  } catch {
    return undefined;
  }
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
