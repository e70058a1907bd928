import { describe, expect, test } from "vitest";
import type { Send } from "../../../channels/channel.ts";
import type { Command, Companion, ConnectorState, Result } from "../../../channels/frames.ts";
import { whatsapp } from "../../../channels/whatsapp/index.ts";
import { envWith } from "./env.ts";

/** A companion that answers with this, and remembers what it was asked. */
function companion(result: Result) {
  const asked: { id: string; command: Command }[] = [];
  const one: Companion = {
    command: async (id, channel, command) => {
      expect(channel).toBe("whatsapp");
      asked.push({ id, command });
      return result;
    },
    hint: async () => undefined,
    state: async () => undefined,
    take: async (media) => ({ body: new Blob([media]).stream(), size: media.length }),
  };
  return { asked, env: envWith({ companion: one }) };
}

const to = { chatId: "911111111111@lid" };
const message: Send = {
  type: "message",
  to,
  part: { body: "*hi*", plain: "hi" },
  key: "01J-key",
  replyTo: "A1",
};

describe("sending", () => {
  test("the key of the send is the id of the command, and the message's id comes back", async () => {
    const { asked, env } = companion({ outcome: "done", messageId: "3EB0" });
    expect(await whatsapp.send(message, env)).toEqual({ outcome: "sent", messageId: "3EB0" });
    expect(asked).toEqual([
      { id: "01J-key", command: { do: "send", chatId: to.chatId, text: "*hi*", replyTo: "A1" } },
    ]);
  });

  test("a refused markup goes as plain text, an edit names its message", async () => {
    const { asked, env } = companion({ outcome: "done" });
    await whatsapp.send({ ...message, asPlain: true }, env);
    const edit: Send = { type: "edit", to, messageId: "3EB0", part: message.part, key: "k2" };
    expect(await whatsapp.send(edit, env)).toEqual({ outcome: "sent", messageId: "3EB0" });
    expect(asked.map(({ command }) => command)).toMatchObject([
      { text: "hi" },
      { do: "edit", messageId: "3EB0" },
    ]);
  });

  test.each<Result>([
    { outcome: "retry", afterMs: 60_000, reason: "offline" },
    { outcome: "failed", reason: "refused" },
    { outcome: "unknown", reason: "no answer" },
  ])("$outcome stays what it is", async (result) => {
    expect(await whatsapp.send(message, companion(result).env)).toEqual(result);
  });
});

describe("downloading", () => {
  test("takes what the companion uploaded", async () => {
    const { asked, env } = companion({ outcome: "done", media: "media/companion/x" });
    const got = await whatsapp.download({ kind: "image", ref: "c/A1" }, env);
    expect(got).toMatchObject({ ok: true, size: 17 });
    expect(asked[0]!.command).toEqual({ do: "download", ref: "c/A1" });
  });

  test("does not ask for what is too large", async () => {
    const { asked, env } = companion({ outcome: "done" });
    const got = await whatsapp.download({ kind: "video", ref: "c/A1", size: 21 * 1024 * 1024 }, env);
    expect(got).toMatchObject({ ok: false });
    expect(asked).toEqual([]);
  });
});

test.each([
  ["**bold** and *italic*", "*bold* and _italic_"],
  ["~~gone~~ `code`", "~gone~ `code`"],
  ["# Title\n\ntext", "*Title*\n\ntext"],
  ["```js\nlet a;\n```", "```let a;```"],
  ["[site](https://a.example/x)", "site (https://a.example/x)"],
  ["https://a.example/x", "https://a.example/x"],
  ["> one\n> two", "> one\n> two"],
  ["- a\n- b", "• a\n• b"],
])("%j is written as %j", (markdown, written) => {
  expect(whatsapp.render(markdown).map(({ body }) => body)).toEqual([written]);
});

describe("a probe", () => {
  const asked = async (state: ConnectorState | undefined) => {
    const { env } = companion({ outcome: "done" });
    return whatsapp.probe!({ ...env, companion: { ...env.companion!, state: async () => state } });
  };

  test("says which account is connected", async () => {
    const ready = { channel: "whatsapp", state: "ready" as const, account: "Flare (+49151)" };
    expect(await asked(ready)).toEqual({ ok: true, said: ["Connected as Flare (+49151)."] });
  });

  test("says what is wrong and what to do", async () => {
    expect(await asked(undefined)).toMatchObject({
      ok: false,
      said: [expect.stringContaining("npm run companion")],
    });
    const lost = {
      channel: "whatsapp",
      state: "logged out" as const,
      problem: "The phone removed the link.",
    };
    const told = (await asked(lost)).said.join(" ");
    expect(told).toContain(lost.problem);
    expect(told).toContain("channels login whatsapp");
  });
});

test("needs the companion's token and says so", () => {
  expect(whatsapp.problem({})).toContain("BRIDGE_TOKEN");
  expect(whatsapp.problem({ BRIDGE_TOKEN: "x" })).toBeUndefined();
  expect(whatsapp.problem({ BRIDGE_TOKEN: "x", WHATSAPP_ENABLED: "false" })).toContain("WHATSAPP_ENABLED");
});
