import { expect, test } from "vitest";
import { deliver, direct, fresh, inGroup, peers, register } from "./talk.ts";

test("a message is answered with what the model says", async () => {
  const chat = fresh();
  const key = `plain-${chat}`;
  await peers.script(key, { text: "Good morning, Ann." });
  expect((await deliver(direct(chat, `${key} good morning`))).status).toBe(200);
  expect(await peers.shown(chat, 1)).toEqual(["Good morning, Ann."]);
});

test("the same update delivered fifty times at once is answered once", async () => {
  const chat = fresh();
  const key = `fifty-${chat}`;
  await peers.script(key, { text: "Once." });
  const update = direct(chat, `${key} hello`);
  const responses = await Promise.all(Array.from({ length: 50 }, () => deliver(update)));
  expect(responses.every((response) => response.status === 200)).toBe(true);
  await peers.shown(chat, 1);
  const last = `fifty-end-${chat}`;
  await peers.script(last, { text: "End." });
  await deliver(direct(chat, `${last} and now`));
  expect(await peers.shown(chat, 2)).toEqual(["Once.", "End."]);
});

test("a tool's result goes back to the model, over several steps", async () => {
  const chat = fresh();
  const key = `steps-${chat}`;
  await peers.script(
    key,
    { toolCalls: [{ name: "write_file", arguments: { path: "notes.md", content: "milk\n" } }] },
    { toolCalls: [{ name: "bash", arguments: { command: "cat notes.md; echo bread >> notes.md" } }] },
    { toolCalls: [{ name: "read_file", arguments: { path: "notes.md" } }] },
    { text: "Written." },
  );
  await deliver(direct(chat, `${key} note milk and bread`));
  expect(await peers.shown(chat, 1)).toEqual(["Written."]);
  const requests = await peers.requests(key, 4);
  const results = requests
    .at(-1)!
    .body.messages.filter((message) => message.role === "tool")
    .map((message) => String(message.content));
  expect(results[1]).toContain("milk");
  expect(results[2]).toMatch(/milk\n[\s\S]*bread/);
});

test("five messages before the first token get one answer that has seen them all", async () => {
  const chat = fresh();
  const key = `five-${chat}`;
  await peers.script(
    key,
    { text: "First", after: 0, trouble: { gate: `five-${chat}` } },
    { text: "All five." },
    { text: "All five." },
  );
  await deliver(direct(chat, `${key} one`));
  await peers.held(`five-${chat}`);
  for (const word of ["two", "three", "four", "five"]) await deliver(direct(chat, `${key} ${word}`));
  await peers.open(`five-${chat}`);
  const shown = await peers.shown(chat, 1);
  expect(shown).toEqual(["All five."]);
  const last = (await peers.requests(key, 2)).at(-1)!;
  expect(JSON.stringify(last.body.messages)).toMatch(/one[\s\S]*two[\s\S]*three[\s\S]*four[\s\S]*five/);
});

test("a message in a group wakes it only when it is addressed, and what was said before is seen", async () => {
  const chat = -fresh();
  await register(chat);
  const key = `group-${-chat}`;
  await peers.script(key, { text: "On Tuesday." });
  await deliver(inGroup(chat, "the bins go out on Tuesday"));
  await deliver(inGroup(chat, `@Flare ${key} when do the bins go out?`));
  expect(await peers.shown(chat, 1)).toEqual(["On Tuesday."]);
  const request = (await peers.requests(key, 1))[0]!;
  expect(JSON.stringify(request.body.messages)).toContain("Ann: the bins go out on Tuesday");
});

test("a command that nobody knows is answered at once, and no model is asked", async () => {
  const chat = fresh();
  const name = `foo${chat}`;
  const entities = [{ type: "bot_command", offset: 0, length: name.length + 1 }];
  await deliver(direct(chat, `/${name} bar`, { entities }));
  expect(await peers.shown(chat, 1)).toEqual([`I do not know /${name}. /help lists what I know.`]);
  expect(await peers.requests(name)).toEqual([]);
});

test("in a group an unknown command may be another bot's: it is heard and not answered", async () => {
  const chat = -fresh();
  const key = `group-command-${chat}`;
  await register(chat);
  const entities = [{ type: "bot_command", offset: 0, length: 4 }];
  await deliver(inGroup(chat, "/foo bar", { entities }));
  await peers.script(key, { text: "The only answer." });
  await deliver(inGroup(chat, `@Flare ${key}`));
  expect(await peers.shown(chat, 1)).toEqual(["The only answer."]);
  const [request] = await peers.requests(key, 1);
  expect(JSON.stringify(request!.body)).toContain("/foo bar");
});
