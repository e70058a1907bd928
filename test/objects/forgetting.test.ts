import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { addressOf } from "../../channels/channel.ts";
import type { Group } from "../../durable-objects/group.ts";
import { messageIn } from "./message.ts";

const DAY = 24 * 3600_000;
let serial = 9_100_000;

afterEach(() => {
  vi.useRealTimers();
});

const room = (chat: string) => env.GROUP.getByName(addressOf("telegram", chat));
const directory = () => env.DIRECTORY.getByName("directory");

const say = (chat: string, text: string) => room(chat).receive(messageIn(chat, text));

/** The chat's alarm rings so many days later. An object that forgets ends itself. */
async function later(chat: string, days: number): Promise<void> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + days * DAY });
  await runInDurableObject(room(chat), (group) => (group as Group).alarm()).catch(() => {});
}

/** How many events the chat's object remembers to have turned away. */
function drops(chat: string): Promise<number> {
  return runInDurableObject(
    room(chat),
    (_, state) => state.storage.sql.exec<{ n: number }>("select count(*) as n from drops").one().n,
  );
}

test("a chat that nobody ever registered is forgotten after 30 days of silence", async () => {
  const chat = String(++serial);
  await say(chat, "@Flare hello");
  await later(chat, 29);
  expect(await drops(chat)).toBe(1);
  await later(chat, 2);
  expect(await drops(chat)).toBe(0);
});

test("a group that was removed and is addressed after that keeps what was said, however long it is silent", async () => {
  const chat = String(++serial);
  await say(chat, "@Flare let me in");
  await directory().register(addressOf("telegram", chat));
  await say(chat, "the bins go out on Tuesday");
  await directory().remove(addressOf("telegram", chat));
  expect(await say(chat, "@Flare hello?")).toMatchObject({ outcome: "dropped" });
  await later(chat, 31);
  await later(chat, 400);
  const said = await room(chat).history({ limit: 10 });
  expect(said.map(({ text }) => text)).toContain("the bins go out on Tuesday");
});
