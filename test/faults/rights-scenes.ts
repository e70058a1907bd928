import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { deliver, inGroup, peers } from "../flows/talk.ts";
import { chatNumber, deliverUntilTaken, stages } from "./answer.ts";
import { fileAgrees, inboxIsSettled, nothingIsOpen, saidInOrder } from "./checks.ts";
import { alarmOf, rows, type Scene, until } from "./loop.ts";
import { forget } from "./plan.ts";

const directory = () => env.DIRECTORY.getByName("directory");

/** A group that somebody makes main with a code. */
export async function claiming(): Promise<Scene> {
  const { chat, name } = await aGroup();
  const code = await directory().mainCode();
  const update = command(chat, `/main ${code}`);
  return {
    name,
    act: () => deliverUntilTaken(update),
    check: async (crash) => {
      await deliverUntilTaken(update);
      await inboxIsSettled(name, ["command"]);
      // A main chat is also told of other chats that knock.
      const said = (await peers.shown(chat, 1)).filter((text) => text.startsWith("This chat is main"));
      saidInOrder(said, said.slice(0, 1), crash);
      expect(said.length).toBeGreaterThan(0);
      expect(await settingsOf(name)).toMatchObject({ main: true, registered: true });
      const made = `select 1 from audit where what = 'made main' and subject = '${name}'`;
      expect(await rows("directory", made)).toHaveLength(1);
      const used = `select 1 from secrets where used_by = '${name}'`;
      expect(await rows("directory", used)).toHaveLength(1);
      await until("it rests", async () => (await alarmOf(name)) === null);
      await nothingIsOpen(name);
      await directory().remove(name);
    },
  };
}

/** A group is removed while it works. */
export async function removing(): Promise<Scene> {
  const { chat, name } = await aGroup();
  const [key, gate] = [`gone${-chat}.`, `gone-gate${chat}`];
  await peers.script(key, { text: "Too late.", after: 0, trouble: { gate }, forever: true });
  await deliverUntilTaken(inGroup(chat, `@Flare ${key} work`));
  await peers.held(gate);
  return {
    name,
    act: async () => {
      await until("it is removed", async () => {
        await directory().remove(name);
        return (await directory().find(name))?.registered === false;
      });
      await until("the group knows", async () => (await settingsOf(name)).registered === false);
      await peers.open(gate);
    },
    check: async () => {
      await until("its turn has ended", async () => (await alarmOf(name)) === null);
      expect(await rows(name, "select 1 from inbox where state in ('pending', 'claimed')")).toEqual([]);
      expect((await peers.shown(chat)).join()).not.toContain("Too late.");
      await nothingIsOpen(name);
      const intents = `select 1 from intents where address = '${name}'`;
      await until("the directory owes nothing", async () => (await rows("directory", intents)).length === 0);
    },
  };
}

/** A group gets another id: `broken` is the object of the old one, which keeps the chat, or of the new one. */
export function migrating(broken: "old" | "new"): () => Promise<Scene> {
  return async () => {
    const { chat, name } = await aGroup();
    const moved = -chatNumber();
    const key = `moved${-chat}.`;
    await peers.script(key, { text: "Still here.", forever: true });
    const events = [
      inGroup(chat, "", { text: undefined, migrate_to_chat_id: moved }),
      inGroup(moved, "", { text: undefined, migrate_from_chat_id: chat }),
    ];
    const ask = inGroup(moved, `@Flare ${key} are you there?`);
    return {
      name: broken === "old" ? name : `telegram:${moved}`,
      act: async () => {
        for (const event of events) await deliverUntilTaken(event);
      },
      check: async (crash) => {
        // What follows is an answer like any other, and counts as the new id's doing.
        forget(broken === "old" ? name : `telegram:${moved}`);
        for (const event of [...events, ask]) await deliverUntilTaken(event);
        await until("it is answered", async () => (await peers.shown(moved)).length > 0);
        saidInOrder(await peers.shown(moved, 1), ["Still here."], crash);
        expect(await peers.shown(chat)).toEqual([]);
        await inboxIsSettled(name, ["answered"]);
        expect(await rows(`telegram:${moved}`, "select 1 from inbox")).toEqual([]);
        const aliases = `select target from aliases where address = 'telegram:${moved}'`;
        expect(await rows("directory", aliases)).toEqual([{ target: name }]);
        await until("it rests", async () => (await alarmOf(name)) === null);
        await nothingIsOpen(name);
      },
    };
  };
}

/** Somebody brings back what a memory file was before. */
export async function restoring(): Promise<Scene> {
  const { chat, name } = await aGroup();
  const write = (content: string) => ({
    toolCalls: [{ name: "write_file", arguments: { path: "MEMORY.md", content } }],
  });
  const key = `old${-chat}`;
  await stages(key, write("- first\n"), write("- second\n"), { text: "Noted." });
  await deliverUntilTaken(inGroup(chat, `@Flare ${key}-stage0. remember`));
  await peers.shown(chat, 1);
  await until("it rests", async () => (await alarmOf(name)) === null);
  const [first] = await rows(name, "select version from file_versions where text = '- first\n'");
  const update = command(chat, `/memory restore MEMORY.md ${first!.version}`);
  return {
    name,
    act: () => deliverUntilTaken(update),
    check: async (crash) => {
      await deliverUntilTaken(update);
      await inboxIsSettled(name, ["answered", "command"]);
      const [noted, said] = await peers.shown(chat, 2);
      expect(said).toMatch(/is back, as it was|is what version \d+ was already/);
      saidInOrder(await peers.shown(chat, 2), [noted!, said!], crash);
      const newest = "select text from file_versions where path = 'MEMORY.md' order by version";
      const texts = (await rows(name, newest)).map(({ text }) => text);
      expect(texts.slice(-3)).toEqual(["- first\n", "- second\n", "- first\n"]);
      expect(await rows(name, "select 1 from audit where what like 'restored %'")).toHaveLength(1);
      await fileAgrees(name);
      await nothingIsOpen(name);
    },
  };
}

async function aGroup(): Promise<{ chat: number; name: `telegram:${number}` }> {
  const chat = -chatNumber();
  const name = `telegram:${chat}` as const;
  await deliver(inGroup(chat, "@Flare hello"));
  await directory().register(name);
  return { chat, name };
}

function command(chat: number, text: string) {
  const entities = [{ type: "bot_command", offset: 0, length: text.split(" ")[0]!.length }];
  return inGroup(chat, text, { entities });
}

async function settingsOf(name: string): Promise<Record<string, unknown>> {
  const [row] = await rows(name, "select value from facts where name = 'settings'");
  return JSON.parse(String(row!.value));
}
