import type { Found, Plan } from "./plan.ts";

/** What the object itself has to finish, by table. */
const OWED: Record<string, string> = {
  inbox: "select count(*) n from inbox where state = 'pending' or (state = 'claimed' and wakes = 1)",
  turns: "select count(*) n from turns where state = 'open' or closed = 0",
  outbox: "select count(*) n from outbox where state in ('queued', 'sending')",
  intents: "select count(*) n from intents",
  notices: "select count(*) n from notices where delivered = 0",
};

/** Looks at what a crash left, before the object's construction mends it. */
export function look(ctx: DurableObjectState, plan: Plan): void {
  const { sql } = ctx.storage;
  const tables = new Set(
    sql
      .exec("select name from sqlite_master where type = 'table'")
      .toArray()
      .map((row) => row.name),
  );
  const owed = Object.entries(OWED)
    .filter(([table]) => tables.has(table))
    .reduce((sum, [, query]) => sum + Number(sql.exec(query).one().n), 0);
  const sending = tables.has("outbox")
    ? sql.exec("select parts, part from outbox where state = 'sending'").toArray()
    : [];
  const streaming = "select 1 from outbox where state = 'streaming' and sentIds = '[]'";
  const found: Found = {
    owed,
    alarm: null,
    sending: sending.map(partOf),
    streaming: tables.has("outbox") && sql.exec(streaming).toArray().length > 0,
  };
  plan.found = found;
  // Asked for before the constructor runs, so it answers what stood then.
  void ctx.storage.getAlarm().then((alarm) => {
    found.alarm = alarm;
  });
}

function partOf({ parts, part }: Record<string, SqlStorageValue>): string {
  return (JSON.parse(String(parts)) as { body: string }[])[Number(part)]?.body ?? "";
}
