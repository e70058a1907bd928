import { and, asc, eq, isNotNull, isNull, lt, ne } from "drizzle-orm";
import type { Answer, Command, Result } from "../../channels/frames.ts";
import { attachedOf, type Outside, type Socket, tell } from "./outside.ts";
import { commands } from "./schema.ts";

type CommandRow = typeof commands.$inferSelect;

/** How long a question waits for its answer, in milliseconds; a file has to come and to go on. */
const PATIENCE_MS = 30_000;
const FILE_MS = 90_000;
/** An answer is kept for so many milliseconds, longer than any channel's send key. */
const KEPT_MS = 48 * 3600_000;
/** Commands on their way at once: one companion works on them. */
const MOST_OPEN = 200;

const OFFLINE = "The companion is offline.";
const BUSY: Result = { outcome: "retry", afterMs: 30_000, reason: "The companion has too much to do." };
const TAKEN_OVER: Result = {
  outcome: "unknown",
  reason: "Another companion took over while this was under way.",
};
const NO_ANSWER: Result = { outcome: "unknown", reason: "The companion did not answer in time." };

/**
 * What the companion is asked to do. A command is a row before it is sent and is sent to one companion only; the
 * companion does an id once. Who asks again gets the answer that came meanwhile.
 */
export class Commands {
  readonly #outside: Outside;
  readonly #waiting = new Map<string, Set<(answer: Answer) => void>>();

  constructor(outside: Outside) {
    this.#outside = outside;
  }

  /** Has a command done. Answers `retry` where it certainly was not, `unknown` where nobody can say. */
  async ask(id: string, channel: string, command: Command, line: Socket | undefined): Promise<Answer> {
    const known = this.#settled(id);
    if (known) return known;
    if (!this.#row(id)) {
      if (this.#open().length >= MOST_OPEN) return BUSY;
      this.#forgetOld();
      this.#outside.db.insert(commands).values({ id, channel, command, at: this.#outside.now() }).run();
    }
    const answer = this.#answer(id, command.do === "download" ? FILE_MS : PATIENCE_MS);
    if (line) this.send(line);
    return answer;
  }

  /** What is answered while nobody is there: what came before that counts. */
  absent(id: string, reason = OFFLINE): Answer {
    const row = this.#row(id);
    if (row?.result?.outcome === "done") return row.result;
    return row?.sentTo ? { outcome: "absent", reason, given: true } : { outcome: "absent", reason };
  }

  /** Sends what the companion at this socket does not have on its disk yet, in order. */
  send(line: Socket): void {
    const { companion } = attachedOf(line);
    if (!companion) return;
    for (const row of this.#open()) {
      if (row.acked) continue;
      // In the same tick as the frame: the output gate holds the frame until the row is durable.
      this.#change(row.id, { sentTo: companion });
      tell(line, { type: "command", id: row.id, channel: row.channel, command: row.command });
    }
  }

  /** The companion has these on its disk. */
  acked(ids: readonly string[]): void {
    for (const id of ids) this.#change(id, { acked: true });
  }

  /** The companion's word on a command. The first word counts. */
  settle(id: string, result: Result): void {
    const row = this.#row(id);
    if (!row || row.result) return;
    this.#change(id, { result });
    for (const resolve of this.#waiting.get(id) ?? []) resolve(result);
  }

  /** A companion took the line: what another one had been given may have been done. */
  takenOverBy(companion: string): void {
    const { db } = this.#outside;
    const others = and(isNull(commands.result), isNotNull(commands.sentTo), ne(commands.sentTo, companion));
    const lost = db.select({ id: commands.id }).from(commands).where(others).all();
    for (const { id } of lost) this.settle(id, TAKEN_OVER);
  }

  /** Something certain is answered again; what is not done is asked anew, under the same id. */
  #settled(id: string): Result | undefined {
    const result = this.#row(id)?.result;
    if (!result || result.outcome === "done") return result ?? undefined;
    this.#outside.db.delete(commands).where(eq(commands.id, id)).run();
    return undefined;
  }

  #answer(id: string, patienceMs: number): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const waiters = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, waiters.add(resolve));
    const timer = setTimeout(() => resolve(this.#late(id)), patienceMs);
    return promise.finally(() => {
      clearTimeout(timer);
      waiters.delete(resolve);
      if (waiters.size === 0) this.#waiting.delete(id);
    });
  }

  /** What was never sent is taken back. */
  #late(id: string): Answer {
    const row = this.#row(id);
    if (row?.result) return row.result;
    if (row?.sentTo) return NO_ANSWER;
    this.#outside.db.delete(commands).where(eq(commands.id, id)).run();
    return { outcome: "absent", reason: OFFLINE };
  }

  #open(): CommandRow[] {
    const { db } = this.#outside;
    return db.select().from(commands).where(isNull(commands.result)).orderBy(asc(commands.seq)).all();
  }

  #row(id: string): CommandRow | undefined {
    return this.#outside.db.select().from(commands).where(eq(commands.id, id)).get();
  }

  #change(id: string, change: Partial<CommandRow>): void {
    this.#outside.db.update(commands).set(change).where(eq(commands.id, id)).run();
  }

  #forgetOld(): void {
    const old = lt(commands.at, this.#outside.now() - KEPT_MS);
    this.#outside.db.delete(commands).where(old).run();
  }
}
