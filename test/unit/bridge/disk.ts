import { DatabaseSync } from "node:sqlite";
import type { Address, Inbound } from "../../../channels/channel.ts";
import { type Migrations, openDatabase } from "../../../durable-objects/database.ts";
import type { Outside, Socket } from "../../../durable-objects/links/outside.ts";
import { Switchboard } from "../../../durable-objects/links/switchboard.ts";
import migrations from "../../../migrations/links/migrations.js";

/** An object's storage on Node's SQLite: what is in it survives a switchboard that is thrown away. */
export class Disk {
  readonly #db = new DatabaseSync(":memory:");
  alarm: number | null = null;

  open() {
    const exec = (query: string, ...values: never[]) => {
      const statement = this.#db.prepare(query);
      const rows = () => statement.all(...values) as Record<string, unknown>[];
      const isRead = statement.columns().length > 0;
      if (!isRead) statement.run(...values);
      return {
        toArray: rows,
        raw: () => ({ toArray: () => rows().map((row) => Object.values(row)) }),
        one: () => rows()[0],
        next: () => ({ value: rows()[0] }),
      };
    };
    const storage = { sql: { exec }, transactionSync: <T>(work: () => T) => this.transaction(work) };
    const ctx = { storage, blockConcurrencyWhile: (work: () => unknown) => work() };
    return openDatabase(ctx as unknown as DurableObjectState, migrations as unknown as Migrations);
  }

  transaction<T>(work: () => T): T {
    this.#db.exec("savepoint work");
    try {
      const result = work();
      this.#db.exec("release work");
      return result;
    } catch (error) {
      this.#db.exec("rollback to work; release work");
      throw error;
    }
  }
}

/** A socket in memory: what is sent comes to `arrives`, and what arrives after a break is lost. */
export class Line implements Socket {
  readonly arrives: (text: string) => void;
  #attached: unknown = null;
  closed: { code: number; reason: string } | undefined;

  constructor(arrives: (text: string) => void) {
    this.arrives = arrives;
  }

  send(text: string): void {
    if (this.closed) throw new Error("closed");
    this.arrives(text);
  }

  close(code: number, reason: string): void {
    this.closed ??= { code, reason };
  }

  serializeAttachment(value: unknown): void {
    this.#attached = structuredClone(value);
  }

  deserializeAttachment(): unknown {
    return structuredClone(this.#attached);
  }
}

/** The Worker's side over a disk, groups and main that the test holds. */
export function switchboardOn(
  disk: Disk,
  lines: () => Line[],
  outside: {
    now(): number;
    receive(event: Inbound): Promise<void>;
    tellMain(key: string, text: string): Promise<void>;
    knock?(address: Address): Promise<void>;
  },
): Switchboard {
  const whole: Outside = {
    knock: async () => {},
    read: async () => [],
    ...outside,
    db: disk.open(),
    carries: (channel) => channel === "whatsapp",
    sockets: () => lines().filter((line) => !line.closed),
    arm: (at) => {
      disk.alarm = at;
    },
    transaction: (work) => disk.transaction(work),
    report: () => undefined,
  };
  return new Switchboard(whole);
}
