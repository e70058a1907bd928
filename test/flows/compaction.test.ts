import { expect, test } from "vitest";
import { modelFaults } from "./peers-client.ts";
import { deliver, direct, fresh, peers } from "./talk.ts";

test("a conversation that is too long is saved, summarised and goes on", async () => {
  const chat = fresh();
  const first = `talk-${chat}`;
  await peers.script(first, { text: "The heron is grey." });
  await deliver(direct(chat, `${first} what colour is the heron?`));
  await peers.shown(chat, 1);
  const key = `long-${chat}`;
  await peers.script(key, modelFaults.tooLong(), { text: "Answered after all." });
  await deliver(direct(chat, `${key} and the egret?`));
  const shown = await peers.shown(chat, 3);
  expect(shown).toContain("Answered after all.");
  expect(shown.join("\n")).toContain("summarised the earlier part");
  const requests = await peers.requests(`${chat}`, 4);
  expect(JSON.stringify(requests.map((request) => request.body.messages))).toContain(
    "will soon be replaced by a summary",
  );
});

test("/compact summarises, and the next answer sees the summary instead of the words", async () => {
  const chat = fresh();
  const first = `said-${chat}`;
  await peers.script(first, { text: "Noted." }, { text: "NO_REPLY" }, { text: "SUMMARY: Ann likes herons." });
  await deliver(direct(chat, `${first} I like herons`));
  await peers.shown(chat, 1);
  await deliver(direct(chat, "/compact", { entities: [{ type: "bot_command", offset: 0, length: 8 }] }));
  const shown = await peers.shown(chat, 3);
  expect(shown.at(-1)).toMatch(/summarised/);
  const next = `next-${chat}`;
  await peers.script(next, { text: "Herons." });
  await deliver(direct(chat, `${next} what do I like?`));
  expect((await peers.shown(chat, 4)).at(-1)).toBe("Herons.");
  const read = JSON.stringify((await peers.requests(next, 1))[0]!.body.messages);
  expect(read).toContain("SUMMARY: Ann likes herons.");
  expect(read).not.toContain(`${first} I like herons`);
});

test("a turn that is compacted twice asks for a second summary, and loses nothing that was said between", async () => {
  const chat = fresh();
  for (const [index, bird] of ["heron", "egret", "stork", "crane"].entries()) {
    const key = `bird${index}-${chat}`;
    await peers.script(key, { text: `The ${bird} is noted.` });
    await deliver(direct(chat, `${key} remember the ${bird}`));
    await peers.shown(chat, index + 1);
  }
  const key = `twice-${chat}`;
  const last = `bird3-${chat}`;
  // What is asked of a compaction stands under the newest message that it is about.
  await peers.script(key, modelFaults.tooLong(), modelFaults.tooLong(), { text: "Answered after all." });
  const silent = { text: "SUMMARY of the birds." };
  await peers.script(last, ...Array.from({ length: 8 }, () => silent));
  await deliver(direct(chat, `${key} which birds?`));
  await expect
    .poll(async () => (await peers.shown(chat)).at(-1), { timeout: 15_000 })
    .toBe("Answered after all.");
  const asked = (await peers.requests(`${chat}`)).map(({ body }) => JSON.stringify(body.messages));
  const summed = asked.filter((text) => text.includes("Sum up a conversation"));
  expect(summed).toHaveLength(2);
  expect(summed.join("\n")).toMatch(/heron[\s\S]*egret[\s\S]*stork/);
});

test("/compact that is sent twice at once is done once, and one that was done is not delivered again", async () => {
  const chat = fresh();
  const first = `double-${chat}`;
  const gate = `double-${chat}`;
  const save = { text: "NO_REPLY", after: 0, trouble: { gate } };
  await peers.script(first, { text: "Noted." }, save, { text: "SUMMARY." });
  await deliver(direct(chat, `${first} I like herons`));
  await peers.shown(chat, 1);
  const ask = () => direct(chat, "/compact", { entities: [{ type: "bot_command", offset: 0, length: 8 }] });
  const command = ask();
  await deliver(command);
  await deliver(command);
  await peers.held(gate);
  await deliver(ask());
  await peers.open(gate);
  const shown = await peers.shown(chat, 4);
  expect(shown.filter((text) => /already/.test(text))).toHaveLength(1);
  expect(shown.filter((text) => /summarised our conversation/.test(text))).toHaveLength(1);
});
