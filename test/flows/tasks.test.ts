import { expect, test } from "vitest";
import { deliver, direct, fresh, peers, room } from "./talk.ts";

const call = (name: string, args: Record<string, unknown>) => ({ toolCalls: [{ name, arguments: args }] });

test("a reminder is set in words, comes once, and is over", async () => {
  const chat = fresh();
  const key = `remind-${chat}`;
  await peers.script(
    key,
    call("schedule_task", { message: "Stretch now.", schedule_type: "once", schedule_value: "2s" }),
    { text: "I will remind you." },
  );
  await deliver(direct(chat, `${key} please`));
  expect(await peers.shown(chat, 2)).toEqual(["I will remind you.", "Stretch now."]);
});
