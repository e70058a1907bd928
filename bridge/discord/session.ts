import { DatabaseSync } from "node:sqlite";
import type { SessionInfo } from "@discordjs/ws";

/**
 * The Gateway's session on the disk: a companion that was restarted resumes it and is told what it missed. A place in the
 * session is kept only when the events up to it are stored.
 */
export class GatewaySession {
  readonly #db: DatabaseSync;
  #closing = false;
  /** Where the library is. */
  current: SessionInfo | null;

  /** @param file its path; `:memory:` for none */
  constructor(file: string) {
    this.#db = new DatabaseSync(file);
    this.#db.exec(
      "pragma journal_mode = wal; create table if not exists session (id integer primary key, info text not null)",
    );
    const row = this.#db.prepare("select info from session").get();
    this.current = row ? (JSON.parse(row.info as string) as SessionInfo) : null;
  }

  /** The library goes on from here; without a session there is nothing to resume. */
  reach(info: SessionInfo | null): void {
    if (this.#closing) return;
    this.current = info;
    if (!info) this.#db.exec("delete from session");
  }

  /** The library forgets a session that it leaves; here it is kept for the next start. */
  leave(): void {
    this.#closing = true;
  }

  /** All events up to this one are stored. */
  stored(sequence: number): void {
    if (!this.current) return;
    const info = JSON.stringify({ ...this.current, sequence });
    this.#db.prepare("insert or replace into session (id, info) values (1, ?)").run(info);
  }

  close(): void {
    this.#db.close();
  }
}
