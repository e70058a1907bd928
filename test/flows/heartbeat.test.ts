import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { soon } from "../soon.ts";
import { deliver, direct, fresh, peers, room } from "./talk.ts";

const HALF_HOUR = 30 * 60_000;
const FILE = "HEARTBEAT.md";

/** A direct chat whose agent wrote this into HEARTBEAT.md. */
async function chatWith(content: string): Promise<number> {
  const chat = fresh();
  const write = { toolCalls: [{ name: "write_file", arguments: { path: FILE, content } }] };
  await peers.script(`write-${chat}`, write, { text: "Written." });
  await deliver(direct(chat, `write-${chat}`));
  await peers.shown(chat, 1);
  return chat;
}

/** What the model was asked in beats over a file with this mark. */
const beats = async (mark: string) => (await peers.requests(mark)).filter(({ key }) => key === mark);

const armed = (chat: number) => runInDurableObject(room(chat), (_, state) => state.storage.getAlarm());

async function travel(chat: number, ms: number): Promise<void> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
  await runDurableObjectAlarm(room(chat));
}
afterEach(() => {
  vi.useRealTimers();
});

test("looks after what stands in the file, every half hour, and says only what people need to hear", async () => {
  const mark = `rain-${fresh()}`;
  const chat = await chatWith(`## Active Tasks\n\n- [ ] ${mark} look for rain\n`);
  const started = Date.now();
  await soon(async () => expect(await armed(chat)).toBeGreaterThan(started + HALF_HOUR - 60_000));
  await peers.script(mark, { text: "**HEARTBEAT_OK**" }, { text: "It will rain tomorrow." });
  await travel(chat, HALF_HOUR);
  await soon(async () => expect(await room(chat).heartbeat("status")).toMatch(/, ok/));
  expect(await peers.shown(chat)).toEqual(["Written."]);
  await travel(chat, HALF_HOUR);
  expect(await peers.shown(chat, 2)).toEqual(["Written.", "It will rain tomorrow."]);
});

test("that comes after the active hours does not look any more", async () => {
  const mark = `late-${fresh()}`;
  const chat = await chatWith(`- [ ] ${mark}\n`);
  const clock = (at: number) => new Date(at).toISOString().slice(11, 16);
  const now = Date.now();
  const activeHours = { from: clock(now - 2 * HALF_HOUR), to: clock(now + 1.5 * HALF_HOUR), zone: "UTC" };
  const settings = (await env.DIRECTORY.getByName("directory").find(`telegram:${chat}`))!;
  await room(chat).configure({ ...settings, version: settings.version + 1000, activeHours });
  await travel(chat, 3 * HALF_HOUR);
  const status = await room(chat).heartbeat("status");
  expect(status).toMatch(/Next: /);
  expect(status).not.toMatch(/Last: /);
  expect(await beats(mark)).toEqual([]);
});

test("tells the same alert once a day", async () => {
  const mark = `alert-${fresh()}`;
  const chat = await chatWith(`- ${mark} is the door open?\n`);
  await peers.script(mark, { text: "The door is open!", forever: true });
  for (let beat = 1; beat <= 3; beat++) {
    await travel(chat, HALF_HOUR);
    await soon(async () => expect(await beats(mark)).toHaveLength(beat));
    await soon(async () => expect(await room(chat).heartbeat("status")).toMatch(/Next: \w+ \d+.*, ok/));
  }
  expect(await peers.shown(chat)).toEqual(["Written.", "The door is open!"]);
  await travel(chat, 25 * 2 * HALF_HOUR);
  expect(await peers.shown(chat, 3)).toHaveLength(3);
});

test.each([
  [
    "the shipped template",
    "# Heartbeat\n\n<!-- one line\n- [ ] for each check -->\n\n## Active Tasks\n\n## Completed\n",
  ],
  ["only what is done", "- [x] Water the plants\n\n## Completed\n- Fed the cat\n"],
])("arms nothing over %s", async (_, content) => {
  const chat = await chatWith(content);
  await soon(async () => expect(await armed(chat)).toBeNull());
  expect(await room(chat).heartbeat("now")).toMatch(/nothing to do/);
  expect(await room(chat).heartbeat("status")).toMatch(/nothing is armed/);
});

test("stops as soon as the file has nothing left, and goes on by hand at any time", async () => {
  const mark = `hand-${fresh()}`;
  const chat = await chatWith(`- [ ] ${mark}\n`);
  await peers.script(mark, { text: "By hand: all is well here." });
  expect(await room(chat).heartbeat("now")).toMatch(/runs now/);
  expect((await peers.shown(chat, 2))[1]).toBe("By hand: all is well here.");
  const clear = { toolCalls: [{ name: "write_file", arguments: { path: FILE, content: "# Heartbeat\n" } }] };
  await peers.script(`clear-${chat}`, clear, { text: "Cleared." });
  await deliver(direct(chat, `clear-${chat}`));
  await peers.shown(chat, 3);
  await soon(async () => expect(await armed(chat)).toBeNull());
});

test("sees the last messages of the chat and waits while people are answered", async () => {
  const mark = `busy-${fresh()}`;
  const chat = await chatWith(`- [ ] ${mark}\n`);
  const gate = `gate-${chat}`;
  await peers.script(`talk-${chat}`, { text: "An answer.", after: 0, trouble: { gate } });
  await peers.script(mark, { text: "Seen." });
  await deliver(direct(chat, `talk-${chat}`));
  await peers.held(gate);
  await travel(chat, HALF_HOUR);
  expect(await beats(mark)).toEqual([]);
  await peers.open(gate);
  expect(await peers.shown(chat, 3)).toEqual(["Written.", "An answer.", "Seen."]);
  expect(JSON.stringify((await beats(mark))[0]!.body.messages)).toContain("An answer.");
});
