import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { ServerFrame } from "../../channels/web/frames.ts";
import { fresh } from "./talk.ts";

const ADMIN = { authorization: "Bearer flow-admin" };

/** An open page: what it says, and what it hears. */
async function page(chat: string) {
  const response = await exports.default.fetch(
    new Request(`http://flare.test/api/chat/${chat}/socket`, { headers: { upgrade: "websocket", ...ADMIN } }),
  );
  const socket = response.webSocket!;
  socket.accept();
  const say = (frame: object) => socket.send(JSON.stringify(frame));
  const hears = (wanted: (frame: ServerFrame) => boolean) =>
    new Promise<ServerFrame>((done) =>
      socket.addEventListener("message", ({ data }) => {
        const frame = JSON.parse(String(data)) as ServerFrame;
        if (wanted(frame)) done(frame);
      }),
    );
  return { say, hears, close: () => socket.close() };
}

type Welcome = Extract<ServerFrame, { type: "welcome" }>;

async function welcome(chat: string, after?: string): Promise<Welcome> {
  const { say, hears, close } = await page(chat);
  const welcomed = hears(({ type }) => type === "welcome");
  say({ type: "hello", ...(after ? { after } : {}) });
  const frame = (await welcomed) as Welcome;
  close();
  return frame;
}

/** Types commands, which are answered without a model, and waits for the answers. */
async function talk(chat: string, count: number): Promise<void> {
  const { say, hears, close } = await page(chat);
  for (let index = 0; index < count; index++) {
    const key = `k${index}-${Math.random()}`;
    const answered = hears((frame) => frame.type === "message" && frame.message.from === "assistant");
    say({ type: "send", key, text: "/help" });
    await answered;
  }
  close();
}

test("a page that missed a little gets what it missed, one that missed much begins anew", async () => {
  await talk("web:missed", 2);
  const { messages } = await welcome("web:missed");
  const last = messages.at(-1)!.id;
  await talk("web:missed", 3);
  const little = await welcome("web:missed", last);
  expect(little.anew).toBeUndefined();
  expect(little.messages.filter(({ id }) => id > last)).toHaveLength(6);
  await talk("web:missed", 60);
  const much = await welcome("web:missed", last);
  expect(much).toMatchObject({ anew: true, more: true });
  expect(much.messages).toEqual((await welcome("web:missed")).messages);
});

test("a refused message is named, so that the page can give it back", async () => {
  const { say, hears, close } = await page("web:refused");
  const refused = hears(({ type }) => type === "refused");
  say({ type: "send", key: "empty", text: " " });
  expect(await refused).toEqual({ type: "refused", key: "empty", text: "The message is empty." });
  close();
});

test("an open page is told the tasks at once, when one is made and when it is changed", async () => {
  const ask = (method: string, path: string, body?: object) =>
    exports.default.fetch(
      new Request(`http://flare.test/api${path}?group=web:main`, {
        method,
        headers: { ...ADMIN, "content-type": "application/json" },
        ...(body ? { body: JSON.stringify(body) } : {}),
      }),
    );
  const [far, near] = [`far-${fresh()}`, `near-${fresh()}`];
  const ours = (frame: ServerFrame) =>
    frame.type === "tasks" ? frame.tasks.filter(({ name }) => [far, near].includes(name)) : [];
  const told = (mine: Awaited<ReturnType<typeof page>>, state: string) =>
    mine.hears((frame) => ours(frame).some((task) => task.state === state));
  await ask("POST", "/tasks", { message: "x", name: far, schedule_type: "interval", schedule_value: "2d" });
  const first = await page("web:main");
  const opened = told(first, "active");
  first.say({ type: "hello" });
  expect(ours(await opened)).toMatchObject([{ name: far, schedule: "every 2 days", running: false }]);
  const changed = told(first, "paused");
  await ask("POST", "/tasks", {
    message: "x",
    name: near,
    schedule_type: "interval",
    schedule_value: "1d",
  });
  await ask("POST", `/tasks/${far}/pause`);
  const both = ours(await changed);
  expect(both.map(({ name, state }) => [name, state])).toEqual([
    [near, "active"],
    [far, "paused"],
  ]);
  expect(both[0]!.nextAt! - Date.now()).toBeGreaterThan(23 * 3600_000);
  const rest = first.hears((frame) => frame.type === "tasks" && ours(frame).length === 1);
  await ask("DELETE", `/tasks/${near}`);
  expect(ours(await rest)).toMatchObject([{ name: far }]);
  await ask("DELETE", `/tasks/${far}`);
  first.close();
});
