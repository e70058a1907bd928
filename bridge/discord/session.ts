import { DatabaseSync } from "node:sqlite";
import type { SessionInfo } from "@discordjs/ws";

/** Discord closed the connection since it does not know this place in the session, or the session any more. */
const OVER = [4007, 4009];

/**
 * The Gateway's session on the disk: a companion that was restarted resumes it and is told what it missed. A place in the
 * session is kept only when the events up to it are stored.
 */
export class GatewaySession {
  readonly #db: DatabaseSync;
  readonly #intents: number;
  #closing = false;
  /** Whether a session that the library leaves now is one that Discord does not have any more. */
  #isOver = false;
  /** Where the library is. */
  current: SessionInfo | null;

  /**
   * @param file its path; `:memory:` for none
   * @param intents what Discord is asked for: a session has those that it began with, so with others it is left
   */
  constructor(file: string, intents: number) {
    this.#intents = intents;
    this.#db = new DatabaseSync(file);
    this.#db.exec(
      "pragma journal_mode = wal; create table if not exists session (id integer primary key, info text not null)",
    );
    this.current = this.#kept();
  }

  /** Discord answers: a session that is left without a word of the connection's end is invalid. */
  greeted(): void {
    this.#isOver = true;
  }

  /** The connection broke, or could not be made. `code`: how it was closed. */
  broke(code = 0): void {
    this.#isOver = OVER.includes(code);
  }

  /**
   * The library goes on from here. It leaves the session when the network is away, too; Discord has it for minutes after
   * that, and says so when it does not.
   */
  reach(info: SessionInfo | null): void {
    if (this.#closing || (!info && !this.#isOver)) return;
    this.current = info;
    if (!info) this.#db.exec("delete from session");
  }

  /** The library forgets a session that it leaves; here it is kept for the next start. */
  leave(): void {
    this.#closing = true;
  }

  /** All events up to this place are stored. */
  stored(place: SessionInfo | null): void {
    if (!place || place.sessionId !== this.current?.sessionId) return;
    const info = JSON.stringify({ ...place, intents: this.#intents });
    this.#db.prepare("insert or replace into session (id, info) values (1, ?)").run(info);
  }

  close(): void {
    this.#db.close();
  }

  #kept(): SessionInfo | null {
    const row = this.#db.prepare("select info from session").get();
    if (!row) return null;
    const { intents, ...info } = JSON.parse(row.info as string) as SessionInfo & { intents?: number };
    return intents === this.#intents ? info : null;
  }
}
