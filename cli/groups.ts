import type { Told } from "../workers/api.ts";
import { ask, clientOf, type Target } from "./client.ts";
import { table, time } from "./table.ts";
import { Trouble } from "./trouble.ts";

/** Prints all chats: main, registered, removed, and those that wait to be registered. */
export async function listGroups(target: Target): Promise<void> {
  const { groups, pending } = await ask(target, clientOf(target).groups.$get());
  const known = groups.map((group) => [
    group.name,
    group.address,
    stateOf(group),
    group.folder,
    time(group.lastActiveAt),
  ]);
  const waiting = pending.map((chat) => [chat.title, chat.address, "waits", "-", time(chat.at)]);
  if (known.length + waiting.length === 0)
    return console.log("There are no chats yet. The console is one once you write in it.");
  console.log(table(["name", "address", "state", "folder", "last active"], [...known, ...waiting]));
}

/** Registers a chat by title, address or pairing code, and prints what came of it. Throws `Trouble` when it was not done. */
export async function addGroup(target: Target, name: string): Promise<void> {
  tell(await ask(target, clientOf(target).groups.$post({ json: { name } })));
}

/** Removes a chat by name or address, and prints what came of it. Throws `Trouble` when it was not done. */
export async function removeGroup(target: Target, name: string): Promise<void> {
  const param = { name: encodeURIComponent(name) };
  tell(await ask(target, clientOf(target).groups[":name"].$delete({ param })));
}

function tell({ ok, said }: Told): void {
  if (!ok) throw new Trouble(said);
  console.log(said);
}

function stateOf({ main, registered }: { main: boolean; registered: boolean }): string {
  if (main) return "main";
  return registered ? "registered" : "removed";
}
