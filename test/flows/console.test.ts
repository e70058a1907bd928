import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { ServerFrame } from "../../channels/web/frames.ts";

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
