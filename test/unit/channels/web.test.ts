import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Send } from "../../../channels/channel.ts";
import type { ServerFrame } from "../../../channels/web/frames.ts";
import { inboundFrom, parseClientFrame, toHtml, web } from "../../../channels/web/index.ts";
import { envWith } from "./env.ts";

describe("the console's HTML", () => {
  it("shows raw HTML as text and escapes everything", () => {
    const html = toHtml('<img src=x onerror="alert(1)">\n\n<script>alert(1)</script>\n\n`<b>` a & b');
    expect(html).not.toMatch(/<(?:img|script)/);
    expect(html).toContain("<code>&lt;b&gt;</code> a &amp; b");
  });

  it("keeps the ends of lines", () => {
    expect(toHtml("one\ntwo")).toBe("<p>one<br>two</p>");
  });

  it("links only to harmless schemes, in a page of their own", () => {
    const html = toHtml(
      "[a](https://x.test/?q=1&r=%22) [b](javascript:alert(1)) [c](data:text/html,x) [d](/api) <vbscript:x>",
    );
    expect(html.match(/<a /g)).toHaveLength(1);
    expect(html).toContain(
      '<a href="https://x.test/?q=1&amp;r=%22" target="_blank" rel="noopener noreferrer">a</a>',
    );
    expect(html).toContain("b (javascript:alert(1))");
  });

  it("loads no picture", () => {
    expect(toHtml("![secret](https://evil.test/?q=1)")).toMatch(/^<p><a [^>]+>secret<\/a><\/p>$/);
  });

  it("makes no tag or attribute that it does not know, whatever the text", () => {
    const bits = fc.constantFrom(
      "<",
      ">",
      '"',
      "'",
      "&",
      "[a](",
      ")",
      "javascript:",
      "`",
      "\n",
      "|",
      "-",
      " ",
      "x",
      "*",
      "#",
      "<b>",
      "</b>",
      "![",
      "](",
      "]: ",
      "onclick=",
      "\n\n",
      "> ",
      "1. ",
      "```",
    );
    const known =
      /<\/?(?:p|h[3-6]|ul|ol(?: start="\d+")?|li|strong|em|del|u|mark|sup|code(?: class="language-[^"<>]*")?|pre(?: tabindex="0")?|blockquote|table|thead|tbody|tr|th|td|div(?: class="table" tabindex="0")?|br|hr|a(?: href="(?:https?|mailto|tel):[^"<>]*" target="_blank" rel="noopener noreferrer")?)>/g;
    fc.assert(
      fc.property(fc.array(bits, { maxLength: 60 }), (list) => {
        expect(toHtml(list.join("")).replace(known, "")).not.toMatch(/[<>]/);
      }),
      { numRuns: 500 },
    );
  });

  it("keeps lists, tables, code and numbers", () => {
    expect(toHtml("3. a\n4. b")).toBe('<ol start="3"><li>a</li><li>b</li></ol>');
    expect(toHtml("- [x] a\n- [ ] b")).toBe("<ul><li>☑ a</li><li>☐ b</li></ul>");
    expect(toHtml("| a |\n|---|\n| b |")).toContain(
      "<thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody>",
    );
    expect(toHtml("```ts\na<b\n```")).toBe('<pre tabindex="0"><code class="language-ts">a&lt;b</code></pre>');
  });
});

describe("the console's sends", () => {
  const part = { body: "<p>hi</p>", plain: "hi" };
  const to = { chatId: "main" };
  const frames = async (...sends: Send[]) => {
    const out: ServerFrame[] = [];
    const env = envWith({
      vars: { ASSISTANT_NAME: "Ember" },
      broadcast: (frame) => void out.push(JSON.parse(frame)),
    });
    for (const send of sends) await web.send(send, env);
    return out;
  };

  it("show a message under its key, and a repeat or edit under the same id", async () => {
    const message: Send = { type: "message", to, part, key: "01A" };
    const [first, again, edited] = await frames(message, message, {
      type: "edit",
      to,
      part,
      messageId: "01A",
      key: "x",
    });
    const shown = {
      id: "01A",
      from: "assistant",
      name: "Ember",
      text: "hi",
      html: "<p>hi</p>",
      at: 1795241700000,
    };
    expect(first).toEqual({ type: "message", message: shown });
    expect(again).toEqual(first);
    expect(edited).toEqual(first);
  });

  it("show drafts, typing and activity", async () => {
    const sends: Send[] = [
      { type: "draft", to, part, draftId: 1 },
      { type: "typing", to },
      { type: "activity", to, text: "ls" },
    ];
    expect(await frames(...sends)).toEqual([
      { type: "draft", text: "hi", html: "<p>hi</p>" },
      { type: "busy", busy: true },
      { type: "activity", text: "ls" },
    ]);
  });

  it("are sent though nobody looks", async () => {
    const sent = await web.send({ type: "message", to, part, key: "01B" }, envWith());
    expect(sent).toEqual({ outcome: "sent", messageId: "01B" });
  });
});

describe("what a page says", () => {
  const send = (fields: object) =>
    parseClientFrame(JSON.stringify({ type: "send", key: "k1", text: "hi", ...fields }));

  it.each([
    { type: "hello" },
    { type: "hello", after: "01A" },
    { type: "send", key: "k1", text: "hi" },
    { type: "older", before: "01A" },
    { type: "stop" },
  ])("is understood: %j", (frame) => {
    expect(parseClientFrame(JSON.stringify(frame))).toEqual(frame);
  });

  it.each(["", "{", "null", "[]", '{"type":"admin"}', '{"type":"send","text":"x"}', '{"type":"older"}'])(
    "is refused with a sentence: %j",
    (text) => {
      expect(parseClientFrame(text)).toEqual({ error: expect.stringMatching(/\.$/) });
    },
  );

  it("is refused when empty, too long or without a sane key", () => {
    expect(send({ text: " \n", key: "k1" })).toEqual({ key: "k1", error: "The message is empty." });
    expect(send({ text: "x".repeat(32 * 1024 + 1), key: "k2" })).toEqual({
      key: "k2",
      error: expect.stringContaining("too long"),
    });
    expect(send({ key: "" })).toHaveProperty("error");
    expect(send({ key: "k".repeat(65) })).toHaveProperty("error");
    expect(send({ text: "x".repeat(32 * 1024), key: "k".repeat(64) })).not.toHaveProperty("error");
  });

  it("becomes a message whose key is the page's", () => {
    const sender = { id: "owner", name: "Owner", isBot: false };
    const event = inboundFrom(
      { type: "send", key: "k1", text: "/Status  now " },
      { address: "web:main", sender, now: 5 },
    );
    expect(event).toMatchObject({
      kind: "message",
      address: "web:main",
      key: "web:k1",
      messageId: "k1",
      sentAt: 5,
      sender,
    });
    expect(event.chat).toEqual({ id: "main", type: "direct" });
    expect(event.command).toEqual({ name: "status", args: "now" });
  });

  it.each(["/", "//x", "/1", "status", "a /stop", " /stop", "/etc/hosts is where?"])(
    "is no command: %j",
    (text) => {
      const sender = { id: "owner", name: "Owner", isBot: false };
      const frame = { type: "send" as const, key: "k", text };
      expect(inboundFrom(frame, { address: "web:main", sender, now: 5 }).command).toBeUndefined();
    },
  );
});
