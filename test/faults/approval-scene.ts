import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { deliver, direct, fresh, peers } from "../flows/talk.ts";
import { chatNumber, deliverUntilTaken } from "./answer.ts";
import { fileAgrees, inboxIsSettled, moneyIsSettled, nothingIsOpen } from "./checks.ts";
import { alarmOf, nudge, rows, type Scene, until } from "./loop.ts";
import type { Plan } from "./plan.ts";

/** A command waits for a yes, a sub-agent works meanwhile; a person presses the button, and the command runs. */
export async function approving(): Promise<Scene> {
  const chat = chatNumber();
  const name = `telegram:${chat}`;
  const [key, told, sub, ran] = ["ask", "told", "sub", "ran"].map((part) => `${part}-${chat}.`);
  const spawn = { name: "spawn", arguments: { task: sub!, label: "helper" } };
  const append = { name: "bash", arguments: { command: "echo line >> log.txt" } };
  // A model that goes by what was said last.
  await peers.script(key!, { text: told!, toolCalls: [append, spawn], forever: true });
  await peers.script(told!, { text: `It waits. ${ran}`, forever: true });
  await peers.script(sub!, { text: "My report.", forever: true });
  await peers.script(ran!, { text: "It ran.", forever: true });
  await careful(chat, name);
  const update = direct(chat, `${key} please`);
  return {
    name,
    act: async (crash) => {
      await deliverUntilTaken(update);
      const data = await buttonOf(chat, name, crash);
      const from = { id: 1001, is_bot: false, first_name: "Ann" };
      const message = { message_id: 1, date: 1, chat: { id: chat, type: "private", first_name: "Ann" } };
      const id = `press-${chat}`;
      const pressed = { id, from, message, chat_instance: "1", data };
      await deliverUntilTaken({ update_id: fresh(), callback_query: pressed });
    },
    check: async (crash) => {
      await until("all is said", async () => (await isQuiet(name)) && (await shown(chat)).length >= 4);
      await inboxIsSettled(name, ["answered", "answered", "command"]);
      const said = await shown(chat);
      const helper = "<b>Sub-agent #1 (helper)</b>";
      // One that was on its way when the object crashed may stand there twice.
      expect([...new Set(said)]).toEqual([helper, "Hello.", "It ran.", "It waits."]);
      expect(said.length - 4).toBeLessThanOrEqual(crash.found?.sending.length ?? 0);
      expect(await rows(name, "select state from approvals")).toEqual([{ state: "done" }]);
      expect(await rows(name, "select state from sub_agents")).toEqual([{ state: "done" }]);
      await ranOnce(name, crash);
      await nothingIsOpen(name);
      await moneyIsSettled(name);
      await fileAgrees(name);
    },
  };
}

/** A chat whose commands wait for Ann's yes. */
async function careful(chat: number, name: string): Promise<void> {
  await peers.script(`hello-${chat}.`, { text: "Hello." });
  await deliver(direct(chat, `hello-${chat}. hello`));
  await until("it is quiet", async () => (await peers.shown(chat)).length > 0 && (await isQuiet(name)));
  const settings = { approval: "bash", approvers: "telegram:1001" };
  await env.DIRECTORY.getByName("directory").configure(name, settings, "web:main");
  await until("the chat knows", async () => {
    const [row] = await rows(name, "select value from facts where name = 'settings'");
    return String(row?.value).includes("approvers");
  });
}

/** What the button says that lets the call run; after a crash somebody has to wake the object first. */
async function buttonOf(chat: number, name: string, crash: Plan): Promise<string> {
  let data = "";
  await until("people are asked and told", async () => {
    if (crash.over) await nudge(name, 0);
    const asked = (await peers.calls({ chatId: chat })).find(({ body }) => body.reply_markup !== undefined);
    const markup = asked?.body.reply_markup as
      | { inline_keyboard?: { callback_data: string }[][] }
      | undefined;
    data = markup?.inline_keyboard?.[0]?.[0]?.callback_data ?? "";
    // The model of the approved call goes by what this turn said.
    return data !== "" && (await shown(chat)).includes("It waits.");
  });
  return data;
}

/** The first lines of what was said, but for the question, which tells a time. */
async function shown(chat: number): Promise<string[]> {
  const texts = (await peers.shown(chat)).filter((text) => !text.startsWith("<b>Approval"));
  return texts.map((text) => text.split("\n")[0]!.replace(` ran-${chat}.`, "")).sort();
}

async function isQuiet(name: string): Promise<boolean> {
  const open = await rows(name, "select 1 from outbox where state in ('queued', 'sending')");
  return open.length === 0 && (await alarmOf(name)) === null;
}

/** The command's line is there once, or the model was told that nobody knows. */
async function ranOnce(name: string, crash: Plan): Promise<void> {
  const [file] = await rows(name, "select text from files where path = 'log.txt'");
  expect([undefined, "line\n"]).toContain(file?.text);
  if (file?.text === "line\n") return;
  expect(crash.hit, "the line is missing without a crash").toBeDefined();
  const [step] = await rows(name, "select output from steps where name = 'bash' order by id desc limit 1");
  expect(step?.output).toContain("outcome is unknown");
}
