import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { desc } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { authorize, authorizeAll, type Role } from "../../agent/authorize.ts";
import { commands } from "../../agent/commands.ts";
import { specs, tools } from "../../agent/tools/index.ts";
import type { Inbound } from "../../channels/channel.ts";
import { Audit } from "../../durable-objects/audit.ts";
import { readConfig } from "../../durable-objects/config.ts";
import { openDatabase } from "../../durable-objects/database.ts";
import { actorsOf } from "../../durable-objects/messages/actors.ts";
import { Inbox } from "../../durable-objects/messages/inbox.ts";
import { Room } from "../../durable-objects/room.ts";
import { turns } from "../../durable-objects/schema.ts";
import migrations from "../../migrations/group/migrations.js";
import { app } from "../../workers/app.ts";
import { audit, call, command, directory, newGroup, newMain, obeys } from "./obey.ts";
import { roomWith } from "./other-env.ts";
import { deliver, fresh, inGroup, peers, room } from "./talk.ts";

const may = (role: Role, action: Parameters<typeof authorize>[1]) => authorize({ role, id: "1" }, action).ok;

/** Whose events these are: 1001 is in ALLOW_FROM, 1003 is not. */
const FROM = {
  main: {},
  member: {},
  guest: { from: { id: 1003, is_bot: false, first_name: "Guest" } },
  stranger: {},
  bot: { from: { id: 555, is_bot: true, first_name: "Bot" } },
} as const;
type Person = keyof typeof FROM;
const PEOPLE = Object.keys(FROM) as Person[];

function chatOf(person: Person): Promise<number> {
  if (person === "main") return newMain();
  return person === "stranger" ? Promise.resolve(-fresh()) : newGroup();
}

const REFUSED = /^(Only main may|You may not|This chat is not registered)/;

/** What was said in a chat, also before anybody registered it. */
async function heard(chat: number): Promise<string[]> {
  return (await room(chat).history({ limit: 100 }))
    .filter(({ from }) => from === "assistant")
    .map(({ text }) => text);
}

describe("every route of the Worker", () => {
  // Middleware ends in a star and answers nothing by itself.
  const routes = [
    ...new Map(
      app.routes
        .filter(({ path }) => !path.endsWith("*"))
        .map(({ method, path }) => [`${method} ${path}`, { method, path }]),
    ).values(),
  ];
  const filled = (path: string) =>
    path
      .replace(":address", "web:authority")
      .replace(":channel", "telegram")
      .replace(/:\w+(\{[^}]*\})?/g, "nothing-here");

  async function ask({ method, path }: { method: string; path: string }, headers: Record<string, string>) {
    const verb = method === "ALL" ? "POST" : method;
    const body = verb === "GET" ? {} : { body: "{}" };
    const json: Record<string, string> = verb === "GET" ? {} : { "content-type": "application/json" };
    const url = `http://flare.test${filled(path)}`;
    const answer = await exports.default.fetch(
      new Request(url, { method: verb, headers: { ...json, ...headers }, ...body }),
    );
    await answer.body?.cancel();
    return answer.status;
  }

  test("stands in the table", () => {
    expect(routes.length).toBeGreaterThan(10);
    const unknown = routes
      .map(({ method, path }) => `${method} ${path}`)
      .filter((name) => !may("owner", { kind: "route", name }));
    expect(unknown).toEqual([]);
  });

  test.each(routes)("$method $path asks for the token where the table says so", async (route) => {
    const open = may("visitor", { kind: "route", name: `${route.method} ${route.path}` });
    const answers = [
      await ask(route, {}),
      await ask(route, { authorization: "Bearer flow-admin1" }),
      await ask(route, { cookie: "nanoflare_session=made-up" }),
    ];
    // The pages and the webhook say 401 and 403 of their own: no session, no signature, no such link.
    if (!open) {
      expect(answers).toEqual([401, 401, 401]);
      expect([401, 403]).not.toContain(await ask(route, { authorization: "Bearer flow-admin" }));
    }
  });
});

describe("every kind of event", () => {
  const kinds = { message: true, edit: true, reaction: true, migration: true, press: true } satisfies Record<
    Inbound["kind"],
    true
  >;

  test("stands in the table", () => {
    for (const name of Object.keys(kinds) as Inbound["kind"][])
      expect(
        PEOPLE.some((role) => may(role, { kind: "event", name })) || may("host", { kind: "event", name }),
      ).toBe(true);
  });

  test.each(PEOPLE)("a message of a %s is heard and answered as the table says", async (person) => {
    const chat = await chatOf(person);
    const key = `cell-${fresh()}`;
    await peers.script(key, { text: `Heard ${key}.` });
    await deliver(inGroup(chat, `@Flare ${key}`, FROM[person]));
    const stored = (await room(chat).history({ limit: 100 })).some(({ text }) => text.includes(key));
    expect(stored).toBe(may(person, { kind: "event", name: "message" }));
    const wakes = may(person, { kind: "event", name: "wake" });
    const calls = await peers.requests(key, wakes ? 1 : 0);
    expect(calls.length > 0).toBe(wakes);
    expect((await room(chat).status()).waiting === 0 || wakes).toBe(true);
  });

  test.each(PEOPLE)("an edit of a %s changes what the table says", async (person) => {
    const chat = await chatOf(person);
    const first = inGroup(chat, "before", FROM[person]);
    await deliver(first);
    // A message that is being answered is neither waiting nor said yet.
    await expect.poll(async () => (await room(chat).status()).waiting).toBe(0);
    const { message, update_id } = first;
    const edited = { ...message, text: "after", edit_date: (message.date as number) + 5 };
    await deliver({ update_id: update_id + 1, edited_message: edited });
    const stored = (await room(chat).history({ limit: 100 })).map(({ text }) => text).join("\n");
    expect(stored.includes("after")).toBe(may(person, { kind: "event", name: "edit" }));
  });
});

describe("every command", () => {
  test.each(PEOPLE)("of a %s does what the table says", async (person) => {
    for (const { name } of commands) {
      const chat = await chatOf(person);
      const before = (await heard(chat)).length;
      await command(chat, `/${name}`, FROM[person]);
      const said = (await heard(chat)).slice(before);
      const done = said.length > 0 && !said.some((text) => REFUSED.test(text));
      expect([name, done]).toEqual([name, may(person, { kind: "command", name })]);
    }
  });
});

describe("every tool", () => {
  /** Arguments that fit the schema and mean nothing. */
  const calls = specs(tools).map(({ name, parameters }) => {
    const { properties = {}, required = [] } = parameters as {
      properties?: Record<string, { type?: string | string[] }>;
      required?: string[];
    };
    const value = (field: string) => (properties[field]?.type === "integer" ? 1 : "nothing-here");
    return call(name, Object.fromEntries(required.map((field) => [field, value(field)])));
  });

  test.each(["main", "member"] as const)(
    "of a turn of %s runs or is refused as the table says",
    async (person) => {
      const chat = await chatOf(person);
      const answers = await obeys(chat, calls);
      const kept = (await audit(chat)).join("\n");
      for (const [index, { name }] of calls.entries()) {
        const allowed = may(person, { kind: "tool", name });
        expect([name, !REFUSED.test(answers[index]!)]).toEqual([name, allowed]);
        if (!allowed) expect(kept).toContain(`refused ${name}: `);
      }
    },
  );
});

describe("a right that was taken away", () => {
  test("is gone in the middle of a turn", async () => {
    const chat = await newMain();
    const other = await newGroup();
    const [key, gate] = [`gone-${fresh()}`, `gone-${fresh()}`];
    await peers.script(key, {
      toolCalls: [
        call("send_message", { text: `late ${key}`, to: `telegram:${other}` }),
        call("list_groups"),
      ],
      after: 1,
      trouble: { gate },
    });
    await deliver(inGroup(chat, `@Flare ${key} go`));
    await peers.held(gate);
    await directory().remove(`telegram:${chat}`);
    await peers.open(gate);
    await expect.poll(async () => (await room(chat).status()).running, { timeout: 10_000 }).toBe(false);
    expect(JSON.stringify(await room(other).history({ limit: 50 }))).not.toContain(key);
    expect(await directory().find(`telegram:${other}`, `telegram:${chat}`)).toBeUndefined();
    expect((await directory().register("anything", `telegram:${chat}`)).said).toMatch(REFUSED);
  });
});

test("whoever speaks in a turn counts, as they are when a tool runs", async () => {
  const chat = await newGroup();
  const key = `spoke-${fresh()}`;
  await peers.script(key, { text: "Heard." });
  const listed = { ALLOW_FROM: "telegram:1001,telegram:1003" };
  await roomWith(chat, listed, inGroup(chat, `@Flare ${key}`, FROM.guest));
  await runInDurableObject(room(chat), (_, state) => {
    const roles = (vars: Record<string, string>) => {
      const db = openDatabase(state, migrations);
      const made = new Room(state, { ...env, ...vars }, db, readConfig({ ...env, ...vars }), "test");
      const turn = db.select().from(turns).orderBy(desc(turns.id)).get()!;
      const actors = actorsOf(made, new Inbox(made), turn);
      return { actors, may: authorizeAll(actors, { kind: "tool", name: "bash" }).ok };
    };
    const guest = { role: "guest", id: "telegram:1003" };
    expect(roles(listed)).toEqual({ actors: [{ ...guest, role: "member" }], may: true });
    expect(roles({})).toEqual({ actors: [guest], may: false });
  });
});

test("main's rights are main's: the same calls in main reach another group", async () => {
  const [chat, other] = [await newMain(), await newGroup()];
  const [sent, listed, written, removed] = await obeys(chat, [
    call("send_message", { text: "from main", to: `telegram:${other}` }),
    call("list_groups"),
    call("write_file", { path: `/workspace/global/memory/${fresh()}.md`, content: "ours" }),
    call("remove_group", { name: `telegram:${other}` }),
  ]);
  expect(sent).toContain("Queued");
  expect(listed).toContain(`telegram:${other}`);
  expect(written).toContain("Wrote");
  expect(removed).toContain("removed");
  expect((await audit(chat)).join("\n")).not.toContain("refused");
});

describe("the audit", () => {
  test("keeps what was done though somebody is refused without end", async () => {
    const chat = await newGroup();
    const kept = await runInDurableObject(room(chat), (_, state) => {
      const made = new Room(state, env, openDatabase(state, migrations), readConfig(env), "test");
      const book = new Audit(made);
      for (let time = 0; time < 50; time++) book.record("telegram:1001", "restored MEMORY.md", `${time}`);
      for (let time = 0; time < 900; time++)
        book.refused([{ id: "telegram:666" }], "list_groups", `refusal ${time} ${"x".repeat(2000)}`);
      return book.list(10_000);
    });
    const refusals = kept.filter(({ what }) => what.startsWith("refused"));
    expect(kept.length - refusals.length).toBe(50);
    expect(refusals).toHaveLength(500);
    expect(refusals[0]!.detail).toMatch(/^refusal 899 /);
    expect(Math.max(...kept.map(({ detail }) => detail.length))).toBeLessThan(500);
    expect(kept.map(({ id }) => id)).toEqual(
      kept
        .map(({ id }) => id)
        .sort()
        .reverse(),
    );
  });
});
