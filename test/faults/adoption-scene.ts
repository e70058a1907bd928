import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { deliver, inGroup, peers } from "../flows/talk.ts";
import { chatNumber, deliverUntilTaken } from "./answer.ts";
import { nothingIsOpen } from "./checks.ts";
import { alarmOf, nudge, rows, type Scene, until } from "./loop.ts";

const SETTINGS = "select value from facts where name = 'settings'";

/** A chat takes over the folder of a removed one, and gets settings. `broken` is the one that crashes meanwhile. */
export function adopting(broken: "heir" | "giver"): () => Promise<Scene> {
  return async () => {
    const [old, heir] = [-chatNumber(), -chatNumber()];
    const [from, to] = [`telegram:${old}`, `telegram:${heir}`] as const;
    const directory = () => env.DIRECTORY.getByName("directory");
    await deliver(inGroup(old, "@Flare hello"));
    await directory().register(from);
    await keep(old);
    const { folder } = (await directory().find(from))!;
    await directory().remove(from);
    return {
      name: broken === "heir" ? to : from,
      act: async () => {
        await deliverUntilTaken(inGroup(heir, "@Flare hello"));
        await directory().register(to, undefined, folder);
        await directory().configure(to, { trigger: "heron" });
        await until("the group knows", async () => {
          const [row] = await rows(to, SETTINGS);
          return row !== undefined && JSON.parse(String(row.value)).trigger === "heron";
        });
        const owed = ["intents where address in", "handovers where heir in"];
        await until("the directory owes nothing", async () => {
          await nudge("directory", 0);
          const left = owed.map((table) => rows("directory", `select 1 from ${table} ('${to}', '${from}')`));
          return (await Promise.all(left)).flat().length === 0;
        });
      },
      check: async () => {
        const [row] = await rows(to, SETTINGS);
        expect(JSON.parse(String(row!.value))).toMatchObject({ registered: true, folder, trigger: "heron" });
        const kept = "from files where path = 'kept.md'";
        expect(await rows(to, `select text ${kept}`)).toEqual([{ text: "Kept." }]);
        expect(await rows(from, "select path from files union select path from file_versions")).toEqual([]);
        expect(await rows("directory", `select address from groups where folder = '${folder}'`)).toEqual([
          { address: to },
        ]);
        for (const name of [from, to]) {
          await until(`${name} rests`, async () => (await alarmOf(name)) === null);
          await nothingIsOpen(name);
        }
      },
    };
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
