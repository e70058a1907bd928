import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Part, Send } from "../../../channels/channel.ts";
import { channels } from "../../../channels/index.ts";
import { contract } from "./contract.ts";
import { discordKit } from "./discord-kit.ts";
import { envWith } from "./env.ts";
import { feishuKit } from "./feishu-kit.ts";
import { telegramKit } from "./telegram-kit.ts";

const to = { chatId: "1001" };
const part: Part = { body: "<b>hi</b>", plain: "hi" };
const sends: Send[] = [
  { type: "message", to, part, key: "k1" },
  { type: "edit", to, messageId: "7", part, key: "k2" },
  { type: "draft", to, part, draftId: 3 },
  { type: "typing", to },
  { type: "seen", to, messageId: "7" },
  { type: "activity", to, text: "bash: ls" },
];

describe.each(Object.values(channels))("channel $name", (channel) => {
  it("is in the table under its own name", () => {
    expect(channels[channel.name]).toBe(channel);
  });

  it("states its limits as plain data", () => {
    expect(JSON.parse(JSON.stringify(channel.limits))).toEqual(channel.limits);
    expect(channel.limits.text).toBeGreaterThan(0);
    const { bytes, together, caption } = channel.limits.files;
    expect(Math.min(bytes, together)).toBeGreaterThan(0);
    expect(caption).toBeLessThanOrEqual(channel.limits.text);
  });

  it("renders every text within its limit, and never nothing for something", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
        const parts = channel.render(text);
        expect(parts.length).toBeLessThanOrEqual(channel.limits.parts);
        if (text.trim() !== "") expect(parts.length).toBeGreaterThan(0);
        for (const { body, plain } of parts) {
          expect(body.length).toBeLessThanOrEqual(channel.limits.text);
          expect(plain.length).toBeLessThanOrEqual(channel.limits.text);
          expect(plain.trim()).not.toBe("");
          expect(body.isWellFormed() && plain.isWellFormed()).toBe(true);
        }
      }),
    );
  });

  it("renders blank text as nothing", () => {
    expect(channel.render(" \n\t ")).toEqual([]);
  });

  it("renders a text far beyond all its parts, and says that the rest was cut", () => {
    const parts = channel.render("word ".repeat((channel.limits.text * (channel.limits.parts + 1)) / 5));
    expect(parts).toHaveLength(channel.limits.parts);
    expect(parts.at(-1)!.plain).toContain("rest was cut");
    for (const { body } of parts) expect(body.length).toBeLessThanOrEqual(channel.limits.text);
  });

  it.each(sends)("ends a $type in an outcome when nobody answers", async (send) => {
    const sent = await channel.send(send, envWith());
    expect(["sent", "retry", "markup", "failed", "moved", "unknown"]).toContain(sent.outcome);
  });

  it("answers a download that fails with a reason", async () => {
    const got = await channel.download({ kind: "file", ref: "nothing" }, envWith());
    expect(got).toMatchObject({ ok: false, reason: expect.any(String) });
  });

  it.each(["GET", "POST", "PUT"])("answers any %s without throwing and without events", async (method) => {
    const body = method === "GET" ? undefined : "{}";
    const received = await channel.receive(
      new Request("https://x.test/webhook", { method, body }),
      envWith(),
    );
    expect(received.events).toEqual([]);
    expect(received.status).toBeGreaterThanOrEqual(400);
  });
});

contract("Telegram", telegramKit);
contract("Discord", discordKit);
contract("Feishu", feishuKit);
