import { describe, expect, it } from "vitest";
import type { Inbound } from "../../../channels/channel.ts";
import { CLOSE, MEDIA_CAP, PROTOCOL } from "../../../channels/frames.ts";
import { whatsapp } from "../../../channels/whatsapp/index.ts";
import type { WhatsAppMessage } from "../../../channels/whatsapp/message.ts";
import { inboundFrom } from "../../../channels/whatsapp/receive.ts";
import { readConfig } from "../../../durable-objects/config.ts";
import { bridge, keepMedia } from "../../../workers/links.ts";
import { Disk, Line, switchboardOn } from "../bridge/disk.ts";
import { speech, without } from "./contract.ts";
import { account, direct, received, rich, text, whatsappKit } from "./whatsapp-kit.ts";

/*
 * WhatsApp's door is the companion's: what the contract asks of a webhook is asked of that. What the linked account
 * says comes through the library's protocol buffers, whose types hold; what is missing may be any of it.
 */

const TOKEN = "the-companions-token";
const tokens = {
  "no token": undefined,
  "a wrong token": "another",
  "the beginning of the token": TOKEN.slice(0, -1),
  "the admin's token": "admin",
};
const config = (token: string | undefined) =>
  readConfig({ BRIDGE_TOKEN: token, ADMIN_TOKEN: "admin" } as unknown as Env);
const nothing = {} as Env;

function request(path: string, token: string | undefined, init: RequestInit = {}): Request {
  const request = new Request(`https://x.test${path}`, init);
  if (token !== undefined) request.headers.set("authorization", `Bearer ${token}`);
  return request;
}

describe("WhatsApp's door", () => {
  it.each(Object.entries(tokens))("answers 401 to %s, before it reads a file", async (_, token) => {
    const socket = request("/bridge", token, { headers: { upgrade: "websocket" } });
    expect((await bridge(socket, nothing, config(TOKEN))).status).toBe(401);
    const file = request("/bridge/media/x", token, { method: "PUT", body: "bytes" });
    expect((await keepMedia("a".repeat(64), file, nothing, config(TOKEN))).status).toBe(401);
    expect(file.bodyUsed).toBe(false);
  });

  it.each(whatsapp.needs)("lets nobody in while %s is not set, and names it", async (variable) => {
    expect(whatsapp.problem({ [variable]: "x" })).toBeUndefined();
    expect(whatsapp.problem({})).toContain(variable);
    const refused = await bridge(request("/bridge", TOKEN), nothing, config(undefined));
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain(variable);
  });

  it.each([
    [String(MEDIA_CAP + 1), 413],
    ["", 411],
    ["-1", 411],
    ["1e3x", 411],
  ])("takes no file whose length is said to be %j", async (length, status) => {
    const file = request("/bridge/media/x", TOKEN, { method: "PUT", body: "bytes" });
    file.headers.set("content-length", length);
    expect((await keepMedia("a".repeat(64), file, nothing, config(TOKEN))).status).toBe(status);
    expect(file.bodyUsed).toBe(false);
  });

  it.each(["", "{not json", "null", "[]", '"text"', "\u0000", '{"type":"another"}'])(
    "closes to %j",
    async (frame) => {
      const { line } = await opened();
      await line.say(frame);
      expect(line.closed).toMatchObject({ code: CLOSE.badFrame.code });
    },
  );

  it("throws at no event, whatever field is missing or odd, and stores only what has its shape", async () => {
    const event = JSON.parse(JSON.stringify(inboundFrom(rich, account())));
    const stored: Inbound[] = [];
    let { line } = await opened(stored);
    for (const odd of [undefined, null, 7, "", [], {}])
      for (const changed of without(event, odd)) {
        if (line.closed) line = (await opened(stored)).line;
        await line.say(JSON.stringify({ type: "event", seq: 1, event: changed }));
      }
    expect(stored.length).toBeGreaterThan(0);
    for (const { address, chat, key } of stored) {
      expect(address).toBe(`whatsapp:${chat.id}`);
      expect(key).toMatch(/.+/);
    }
  });

  it("makes nothing of a kind that it does not know, and throws at no message", () => {
    expect(inboundFrom(received(direct, { pollUpdateMessage: {} }), account())).toBeUndefined();
    for (const message of [rich, received(direct, text("hi"))])
      for (const missing of [undefined, null])
        for (const changed of without({ ...message, messageTimestamp: 1_800_000_000 }, missing))
          inboundFrom({ ...(changed as WhatsAppMessage), key: keyOf(changed) }, account());
  });

  it("gives the same event the same key, however often it comes", () => {
    const keys = [1, 2, 3].map(() => inboundFrom(received(direct, text("hi")), account())!.key);
    expect(keys[0]).toMatch(/.+/);
    expect(new Set(keys).size).toBe(1);
  });
});

/** A companion that has the line. */
async function opened(stored: Inbound[] = []) {
  const lines: Line[] = [];
  const receive = async (event: Inbound) => void stored.push(event);
  const outside = { now: () => 1, receive, tellMain: async () => {} };
  const switchboard = switchboardOn(new Disk(), () => lines, outside);
  const socket = new Line(() => undefined);
  lines.push(socket);
  const line = {
    say: (frame: string) => switchboard.heard(socket, frame),
    get closed() {
      return socket.closed;
    },
  };
  const hello = { type: "hello", protocol: PROTOCOL, companion: "disk", version: "test", connectors: [] };
  await line.say(JSON.stringify(hello));
  return { line };
}

speech("WhatsApp", whatsappKit);

/** The library gives every message a key. */
function keyOf(message: unknown): WhatsAppMessage["key"] {
  return (message as Partial<WhatsAppMessage>).key ?? {};
}
