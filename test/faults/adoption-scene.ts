import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { deliver, inGroup, peers } from "../flows/talk.ts";
import { chatNumber, deliverUntilTaken } from "./answer.ts";
import { nothingIsOpen } from "./checks.ts";
import { rows, type Scene, until } from "./loop.ts";

const SETTINGS = "select value from facts where name = 'settings'";

/** A chat takes over the folder of a removed one, and gets settings: it crashes meanwhile. */
export async function adopting(): Promise<Scene> {
  const [old, heir] = [-chatNumber(), -chatNumber()];
  const [from, name] = [`telegram:${old}`, `telegram:${heir}`] as const;
  const directory = () => env.DIRECTORY.getByName("directory");
  await deliver(inGroup(old, "@Flare hello"));
  await directory().register(from);
  await keep(old);
  const { folder } = (await directory().find(from))!;
  await directory().remove(from);
  return {
    name,
    act: async () => {
      await deliverUntilTaken(inGroup(heir, "@Flare hello"));
      await directory().addGroup(name, folder);
      await directory().setGroup(name, { trigger: "heron" });
      await until("the group knows", async () => {
        const [row] = await rows(name, SETTINGS);
        return row !== undefined && JSON.parse(String(row.value)).trigger === "heron";
      });
    },
    check: async () => {
      const paths = "select path, version from files where path = 'kept.md'";
      await until("it has the files", async () => (await rows(name, paths)).length === 1);
      const [row] = await rows(name, SETTINGS);
      expect(JSON.parse(String(row!.value))).toMatchObject({ registered: true, folder, trigger: "heron" });
      expect(await rows("directory", `select address from groups where folder = '${folder}'`)).toEqual([
        { address: name },
      ]);
      const owed = `select address from intents where address in ('${name}', '${from}')`;
      await until("the directory owes nothing", async () => (await rows("directory", owed)).length === 0);
      await nothingIsOpen(name);
    },
  };
}

/** A file of the old chat's. */
async function keep(chat: number): Promise<void> {
  const key = `kept${-chat}.`;
  const write = { name: "write_file", arguments: { path: "kept.md", content: "Kept." } };
  await peers.script(key, { toolCalls: [write] }, { text: "Kept." });
  await deliver(inGroup(chat, `@Flare ${key} keep it`));
  await peers.shown(chat, 1);
}
