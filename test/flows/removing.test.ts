import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { deliver, fresh, inGroup, peers, register, room } from "./talk.ts";

const directory = () => env.DIRECTORY.getByName("directory");

test("a group that is removed while it is answered hears nothing more, also not what waited", async () => {
  const chat = -fresh();
  await register(chat);
  const [key, gate] = [`removed-${-chat}`, `removed-${-chat}`];
  await peers.script(key, { text: "Nobody reads this.", after: 1, trouble: { gate } });
  await deliver(inGroup(chat, `@Flare ${key} go`));
  await peers.held(gate);
  await deliver(inGroup(chat, "@Flare and this?"));
  await directory().remove(`telegram:${chat}`);
  await peers.open(gate);
  await expect.poll(async () => (await room(chat).status()).waiting).toBe(0);
  expect(await room(chat).status()).toMatchObject({ registered: false, running: false, outbox: 0 });
  expect(await peers.shown(chat)).toEqual([]);
  const notes = (await room(chat).history({ limit: 10 })).map(({ note }) => note);
  expect(notes).toEqual(["cancelled", "cancelled"]);
});

test("a group that was removed while a message waited for its turn does not ask the model", async () => {
  const chat = -fresh();
  await register(chat);
  const [key, next] = [`late-${-chat}`, `back-${-chat}`];
  // The pieces of an album wait a second for the rest.
  await deliver(inGroup(chat, `@Flare ${key} look`, { media_group_id: `album-${-chat}` }));
  await directory().remove(`telegram:${chat}`);
  await expect.poll(async () => (await room(chat).status()).waiting, { timeout: 10_000 }).toBe(0);
  expect(await peers.requests(key)).toEqual([]);
  await directory().register(`telegram:${chat}`);
  await peers.script(next, { text: "Here again." });
  await deliver(inGroup(chat, `@Flare ${next} still there?`));
  expect(await peers.shown(chat, 1)).toEqual(["Here again."]);
});
