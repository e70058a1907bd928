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
