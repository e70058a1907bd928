import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { telegram } from "../../channels/telegram/index.ts";
import { deliver, direct, inGroup, peers } from "../flows/talk.ts";
import { chatNumber, deliverUntilTaken, stages } from "./answer.ts";
import { fileAgrees, inboxIsSettled, moneyIsSettled, nothingIsOpen, saidInOrder } from "./checks.ts";
import { alarmOf, nudge, rows, type Scene, until } from "./loop.ts";
import type { Plan } from "./plan.ts";

/** A second message comes in while the first one's tools run. */
export async function joining(): Promise<Scene> {
  const chat = chatNumber();
  const name = `telegram:${chat}`;
  const key = `join-${chat}`;
  const gate = `gate-${chat}`;
  const list = { toolCalls: [{ name: "list_dir", arguments: { path: "." } }] };
  await stages(key, list, { ...list, after: 0, trouble: { gate } }, { text: "Only the first." });
  await peers.script(`${key}-late.`, { text: "Both.", forever: true });
  const [first, second] = [direct(chat, `${key}-stage0. one`), direct(chat, `${key}-late. two`)];
  return {
    name,
    act: async (crash) => {
      await deliverUntilTaken(first);
      await reaches(gate, name, crash);
      await deliverUntilTaken(second);
      await peers.open(gate);
    },
    check: async (crash) => {
      for (const update of [first, second]) await deliverUntilTaken(update);
      await inboxIsSettled(name, ["answered", "answered"]);
      saidInOrder(await peers.shown(chat, 1), ["Both."], crash);
      await nothingIsOpen(name);
      await moneyIsSettled(name);
    },
  };
}

/** A command: answered without a turn. */
export async function command(): Promise<Scene> {
  const chat = chatNumber();
  const name = `telegram:${chat}`;
  await peers.script(`command-${chat}.`, { text: "Hello.", forever: true });
  await deliverUntilTaken(direct(chat, `command-${chat}. hello`));
  await until("it is quiet", () => isQuiet(name));
  const update = direct(chat, "/new", { entities: [{ type: "bot_command", offset: 0, length: 4 }] });
  return {
    name,
    act: () => deliverUntilTaken(update),
    check: async (crash) => {
      await deliverUntilTaken(update);
      await inboxIsSettled(name, ["answered", "command"]);
      const [hello, ...answers] = await peers.shown(chat, 2);
      expect(hello).toBe("Hello.");
      const expected =
        "A new conversation starts here. What was said before stays searchable, and memory stays.";
      saidInOrder(answers, [expected], crash);
      expect(await rows(name, "select id from sessions")).toHaveLength(2);
      await nothingIsOpen(name);
    },
  };
}

const PARAGRAPHS = Array.from(
  { length: 120 },
  (_, n) => `Sentence ${n} of an answer that people see while it grows.`,
);
const GROWING = PARAGRAPHS.join("\n\n");

/** An answer that is shown in a group while it is written. */
export async function streamed(): Promise<Scene> {
  const chat = -chatNumber();
  const name = `telegram:${chat}`;
  const [key, gate] = [`stream${-chat}.`, `gate${chat}`];
  await inAGroup(chat);
  const step = { text: GROWING, chunkSize: 100, after: 12, trouble: { gate }, forever: true };
  await peers.script(key, step);
  const update = inGroup(chat, `@Flare ${key} tell me`);
  return {
    name,
    act: async (crash) => {
      await deliverUntilTaken(update);
      await reaches(gate, name, crash);
      await until(
        "a first piece is shown",
        async () => crash.hit !== undefined || (await shownNow(chat)).length > 0,
      );
      await peers.open(gate);
    },
    check: async (crash) => {
      await inboxIsSettled(name, ["answered"]);
      const parts = telegram.render(GROWING).map((part) => part.body);
      await until("the last part is shown", async () => (await shownNow(chat)).at(-1) === parts.at(-1));
      saidInOrder(await shownNow(chat), parts, crash);
      await nothingIsOpen(name);
      await moneyIsSettled(name);
    },
  };
}

/** Files of every kind, written, replaced and removed. */
export async function writing(): Promise<Scene> {
  const chat = chatNumber();
  const name = `telegram:${chat}`;
  const key = `files-${chat}`;
  const run = (command: string) => ({ toolCalls: [{ name: "bash", arguments: { command } }] });
  const write = (path: string, content: string) => ({ name: "write_file", arguments: { path, content } });
  await stages(
    key,
    { toolCalls: [write("a.txt", "one"), write("memory/b.md", "kept"), write("c/d.txt", "gone soon")] },
    run("printf '\\x00\\xff\\x01' > raw.bin; printf two > a.txt"),
    run("printf '\\x00\\xfe' > raw.bin; rm -r c"),
    { text: "Done." },
  );
  const update = direct(chat, `${key}-stage0. files`);
  return {
    name,
    act: () => deliverUntilTaken(update),
    check: async (crash) => {
      await inboxIsSettled(name, ["answered"]);
      saidInOrder(await peers.shown(chat, 1), ["Done."], crash);
      await fileAgrees(name);
      const [kept] = await rows(name, "select text from files where path = 'memory/b.md'");
      expect(kept?.text).toBe("kept");
      expect(await rows(name, "select version from file_versions where path = 'memory/b.md'")).toHaveLength(
        1,
      );
      await nothingIsOpen(name);
    },
  };
}

/** A group knocks, main lets it in, it is answered. `broken` is the object that crashes meanwhile. */
export function registering(broken: "group" | "directory"): () => Promise<Scene> {
  return async () => {
    const chat = -chatNumber();
    const name = `telegram:${chat}`;
    const key = `reg${-chat}.`;
    await peers.script(key, { text: "Here I am.", forever: true });
    const knock = inGroup(chat, "@Flare hello");
    const ask = inGroup(chat, `@Flare ${key} are you there?`);
    return {
      name: broken === "group" ? name : "directory",
      act: async () => {
        await deliverUntilTaken(knock);
        await until("main let it in", async () => {
          const answer = await env.DIRECTORY.getByName("directory").register(name);
          return /is registered/.test(answer.said);
        });
        await until("the group knows", async () => {
          const [row] = await rows(name, "select value from facts where name = 'settings'");
          return row !== undefined && JSON.parse(String(row.value)).registered === true;
        });
        await deliverUntilTaken(ask);
      },
      check: async (crash) => {
        await until("it is answered", async () => (await shownNow(chat)).length > 0 && (await isQuiet(name)));
        await inboxIsSettled(name, ["answered"]);
        saidInOrder(await peers.shown(chat, 1), ["Here I am."], crash);
        expect(await rows("directory", `select address from groups where address = '${name}'`)).toHaveLength(
          1,
        );
        expect(await rows("directory", `select address from pending where address = '${name}'`)).toEqual([]);
        expect(await rows("directory", `select address from intents where address = '${name}'`)).toEqual([]);
        const untold = `select key from notices where delivered = 0 and key like 'pending:${name}:%'`;
        await until("main was told", async () => (await rows("directory", untold)).length === 0);
        const notices = `select count(*) n from outbox where key like 'pending:${name}:%'`;
        expect((await rows("web:main", notices))[0]?.n).toBe(1);
        await nothingIsOpen(name);
        await moneyIsSettled(name);
      },
    };
  };
}

/** Nothing runs, nothing is due. */
async function isQuiet(name: string): Promise<boolean> {
  const open = await rows(name, "select 1 from outbox where state in ('queued', 'sending')");
  return open.length === 0 && (await alarmOf(name)) === null;
}

/** A registered group of this number. */
async function inAGroup(chat: number): Promise<void> {
  await deliver(inGroup(chat, "@Flare hello"));
  await env.DIRECTORY.getByName("directory").register(`telegram:${chat}`);
}

/** Waits until the model is held at a gate; after a crash somebody has to wake the object first. */
async function reaches(gate: string, name: string, crash: Plan): Promise<void> {
  await until(`the model is asked at ${gate}`, async () => {
    if (crash.over) await nudge(name, 0);
    return peers.held(gate, 1, 100).then(
      () => true,
      () => false,
    );
  });
}

/** What people see now: each message once, as its last edit left it. */
async function shownNow(chat: number): Promise<string[]> {
  const seen = new Map<string, string>();
  for (const call of await peers.calls({ chatId: chat, method: "*" })) {
    if (call.outcome !== "shown") continue;
    if (call.method === "sendMessage") seen.set(String(call.messageId), String(call.body.text));
    if (call.method === "editMessageText") seen.set(String(call.body.message_id), String(call.body.text));
  }
  return [...seen.values()];
}
