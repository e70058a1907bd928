import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { deliver, direct, peers, room } from "../flows/talk.ts";
import { chatNumber, deliverUntilTaken, stages } from "./answer.ts";
import { inboxIsSettled, moneyIsSettled, nothingIsOpen } from "./checks.ts";
import { nudge, rows, settle, until } from "./loop.ts";
import { forget, type Mode, type Plan, plan } from "./plan.ts";

/** Crashes in a row after which a turn must have been given up. */
const MOST = 16;
const write = { toolCalls: [{ name: "write_file", arguments: { path: "a.txt", content: "a" } }] };
const append = { toolCalls: [{ name: "bash", arguments: { command: "echo a >> a.txt" } }] };

test("an instance that is superseded while it waits for the model sends nothing", async () => {
  const chat = chatNumber();
  const [key, gate] = [`old-${chat}.`, `gate-${chat}`];
  await peers.script(key, { text: "Once.", after: 2, trouble: { gate }, forever: true });
  await deliver(direct(chat, `${key} hello`));
  await peers.held(gate);
  await runInDurableObject(room(chat), (_, state) => state.abort("superseded")).catch(() => {});
  await room(chat).wake();
  await peers.held(gate, 2);
  await peers.open(gate);
  await until(
    "it is closed",
    async () => (await rows(`telegram:${chat}`, "select 1 from turns where closed")).length > 0,
  );
  expect(await peers.shown(chat, 1)).toEqual(["Once."]);
  expect(await peers.requests(key)).toHaveLength(2);
  expect((await peers.requests(key)).map((request) => request.aborted)).toEqual([true, false]);
});

test("a model's answer that always ends the object is given up, and the chat is told", async () => {
  const chat = chatNumber();
  await stages(`answer-${chat}`, { text: "Boom." });
  const { crash, shown } = await poisoned(chat, `answer-${chat}-stage0.`, /fetch completions returned/);
  expect(crash.crashes).toBeLessThanOrEqual(MOST);
  expect(shown).toMatch(/interrupted 12 times.*gave it up/);
});

test("an answer that cannot be written down is given up, and the chat is told", async () => {
  const chat = chatNumber();
  await stages(`parts-${chat}`, { text: "BOOM." });
  const { crash, shown } = await poisoned(chat, `parts-${chat}-stage0.`, /insert into "outbox".*BOOM/, {
    mode: "lost",
  });
  expect(crash.crashes).toBeLessThanOrEqual(MOST);
  expect(shown).toMatch(/gave it up/);
});

test("a tool that always ends the object is given up, and the chat is told", async () => {
  const chat = chatNumber();
  await stages(`tool-${chat}`, write, { text: "Never." });
  const { crash, shown } = await poisoned(
    chat,
    `tool-${chat}-stage0.`,
    /update "steps" set "state" = \?, "startedAt"/,
  );
  expect(crash.crashes).toBeLessThanOrEqual(MOST);
  expect(shown).toMatch(/gave it up/);
});

test("a command that always ends the object runs once, and the model is told that its outcome is unknown", async () => {
  const chat = chatNumber();
  const key = `bash-${chat}`;
  await stages(key, append, { text: "I looked." });
  const started = /update "steps" set "state" = \?, "startedAt"/;
  const { crash, shown } = await poisoned(chat, `${key}-stage0.`, started, { fate: "answered" });
  expect(crash.crashes).toBe(1);
  expect(shown).toBe("I looked.");
  expect(JSON.stringify((await peers.requests(key)).at(-1)!.body.messages)).toContain("outcome is unknown");
});

test("a send that always ends the object is repeated once, then an operator is asked", async () => {
  const chat = chatNumber();
  const name = `telegram:${chat}`;
  await stages(`send-${chat}`, { text: "Heard?" });
  const crash = plan(name, { at: 1, mode: "kept", only: /fetch sendMessage returned/, always: true });
  await deliverUntilTaken(direct(chat, `send-${chat}-stage0.`));
  await until("the send is given up", async () => (await room(chat).deadLetters()).length > 0);
  await settle(name, crash);
  forget(name);
  expect(await peers.shown(chat)).toEqual(["Heard?", "Heard?"]);
  expect(await room(chat).deadLetters()).toMatchObject([{ state: "unknown", text: "Heard?" }]);
  await inboxIsSettled(name, ["answered"]);
  await nothingIsOpen(name);
});

/** Answers what the chat reads when every attempt to pass a point ends the object. */
async function poisoned(
  chat: number,
  words: string,
  only: RegExp,
  { fate = "failed", mode = "kept" as Mode } = {},
): Promise<{ crash: Plan; shown: string | undefined }> {
  const name = `telegram:${chat}`;
  const crash = plan(name, { at: 1, mode, only, always: true });
  await deliverUntilTaken(direct(chat, words));
  await until("the chat is told", async () => {
    await nudge(name, 0).catch(() => {});
    return (await peers.shown(chat)).length > 0;
  });
  await settle(name, crash);
  forget(name);
  await inboxIsSettled(name, [fate]);
  await nothingIsOpen(name);
  await moneyIsSettled(name);
  const [shown, ...more] = await peers.shown(chat);
  expect(more).toEqual([]);
  return { crash, shown };
}
