import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { deliver, direct, fresh, inGroup, peers, register } from "./talk.ts";

/** What the tools of a conversation answered, in order. */
async function results(key: string, atLeast: number): Promise<string[]> {
  const last = (await peers.requests(key, atLeast)).at(-1)!;
  return last.body.messages
    .filter((message) => message.role === "tool")
    .map((message) => String(message.content));
}

const call = (name: string, args: Record<string, unknown>) => ({ toolCalls: [{ name, arguments: args }] });

test("what a tool writes, the shell reads, and the other way round", async () => {
  const chat = fresh();
  const key = `both-${chat}`;
  await peers.script(
    key,
    call("write_file", { path: "a/list.txt", content: "milk\n" }),
    call("bash", { command: "cat a/list.txt && echo bread >> a/list.txt && cp a/list.txt b.txt" }),
    call("read_file", { path: "/workspace/group/b.txt" }),
    call("edit_file", { path: "b.txt", old_text: "bread", new_text: "rye" }),
    call("bash", { command: "cat b.txt" }),
    { text: "Done." },
  );
  await deliver(direct(chat, `${key} go`));
  await peers.shown(chat, 1);
  const answers = await results(key, 6);
  expect(answers[1]).toContain("milk");
  expect(answers[2]).toContain("bread");
  expect(answers[4]).toContain("rye");
});

test("memory that one conversation wrote is in the next one's prompt", async () => {
  const chat = fresh();
  const [key, next] = [`mem-${chat}`, `mem2-${chat}`];
  await peers.script(
    key,
    call("write_file", { path: "MEMORY.md", content: "- Ann: the boiler is from 1998\n" }),
    { text: "Noted." },
  );
  await deliver(direct(chat, `${key} remember`));
  await peers.shown(chat, 1);
  await deliver(direct(chat, "/new", { entities: [{ type: "bot_command", offset: 0, length: 4 }] }));
  await peers.shown(chat, 2);
  await peers.script(next, { text: "1998." });
  await deliver(direct(chat, `${next} how old is the boiler?`));
  await peers.shown(chat, 3);
  expect(JSON.stringify((await peers.requests(next, 1))[0]!.body.messages)).toContain(
    "the boiler is from 1998",
  );
});

test("recall finds what was said, in any script and whatever the question's punctuation", async () => {
  const chat = fresh();
  const words = { chinese: "明天我们去北京开会", plain: "What's up with O'Brien's boat?" };
  for (const [index, text] of Object.values(words).entries()) {
    const key = `said-${chat}-${index}`;
    await peers.script(key, { text: "Heard." });
    await deliver(direct(chat, `${key} ${text}`));
    await peers.shown(chat, index + 1);
  }
  const key = `recall-${chat}`;
  await peers.script(
    key,
    call("recall", { query: "北京" }),
    call("recall", { query: "what's up? \"O'Brien\" (*)" }),
    { text: "Found." },
  );
  await deliver(direct(chat, `${key} search`));
  await peers.shown(chat, 3);
  const [chinese, plain] = await results(key, 3);
  expect(chinese).toContain(words.chinese);
  expect(plain).toContain("O'Brien's boat");
});

test("outside main global files are read-only, and another chat's files do not exist", async () => {
  const [chat, other] = [fresh(), fresh()];
  const theirs = `theirs-${other}`;
  await peers.script(theirs, call("write_file", { path: "secret.txt", content: "4711" }), {
    text: "Written.",
  });
  await deliver(direct(other, `${theirs} go`));
  await peers.shown(other, 1);
  const folder = (await env.DIRECTORY.getByName("directory").find(`telegram:${other}`))!.folder;
  const key = `outside-${chat}`;
  const paths = [
    `/workspace/${folder}/secret.txt`,
    `../${folder}/secret.txt`,
    `/workspace/group/../../groups/${folder}/secret.txt`,
    "/etc/passwd",
  ];
  await peers.script(
    key,
    call("write_file", { path: "/workspace/global/MEMORY.md", content: "mine" }),
    ...paths.map((path) => call("read_file", { path })),
    call("bash", { command: `cat ${paths.join(" ")}; ls /workspace; echo x > /workspace/global/x.txt` }),
    { text: "Tried." },
  );
  await deliver(direct(chat, `${key} go`));
  await peers.shown(chat, 1);
  const answers = await results(key, paths.length + 3);
  expect(answers[0]).toContain("read-only");
  expect(answers.join("\n")).not.toContain("4711");
});

test("send_message speaks in the own chat, and the same words are not said again", async () => {
  const chat = fresh();
  const key = `tell-${chat}`;
  await peers.script(key, call("send_message", { text: "Dinner is ready." }), { text: "Dinner is ready." });
  await deliver(direct(chat, `${key} tell them`));
  await peers.requests(key, 2);
  const next = `tell-next-${chat}`;
  await peers.script(next, { text: "End." });
  await deliver(direct(chat, `${next} and?`));
  expect(await peers.shown(chat, 2)).toEqual(["Dinner is ready.", "End."]);
});

test("outside main another group cannot be written to", async () => {
  const [chat, other] = [fresh(), -fresh()];
  await register(other);
  const key = `cross-${chat}`;
  await peers.script(key, call("send_message", { text: "hello over there", to: `telegram:${other}` }), {
    text: "Tried.",
  });
  await deliver(direct(chat, `${key} go`));
  expect(await peers.shown(chat, 1)).toEqual(["Tried."]);
  expect((await results(key, 2))[0]).toMatch(/main/i);
  const wake = `wake-${-other}`;
  await peers.script(wake, { text: "Nothing came." });
  await deliver(inGroup(other, `@Flare ${wake} hello`));
  expect(await peers.shown(other, 1)).toEqual(["Nothing came."]);
});

test("a notice is said once, however often its cause repeats it", async () => {
  const chat = fresh();
  const key = `first-${chat}`;
  await peers.script(key, { text: "Hello." });
  await deliver(direct(chat, `${key} hello`));
  await peers.shown(chat, 1);
  const group = env.GROUP.getByName(`telegram:${chat}`);
  for (let time = 0; time < 3; time++) await group.notify("the-same", "Only once.");
  const last = `last-${chat}`;
  await peers.script(last, { text: "End." });
  await deliver(direct(chat, `${last} end`));
  expect(await peers.shown(chat, 3)).toEqual(["Hello.", "Only once.", "End."]);
});
