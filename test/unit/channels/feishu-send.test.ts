import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, LoggerLevel } from "@larksuiteoapi/node-sdk";
import { type StartedFeishuServer, startFeishuServer } from "@openclaw/crabline";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ChannelEnv, Send, Sent } from "../../../channels/channel.ts";
import { feishu } from "../../../channels/feishu/index.ts";
import { type Asked, install, missing, NOW, type Reply, secrets } from "./feishu.ts";
import { letters } from "./markup.ts";

const part = feishu.render("**hi** & bye")[0]!;
const to = { chatId: "oc_1" };
const message = { type: "message", to, part, key: "01JD0000000000000000000000:1" } as const;
const edit = { type: "edit", to, messageId: "om_7", part, key: "k" } as const;

const made: Reply = { value: { code: 0, msg: "success", data: { message_id: "om_new" } } };
const refusal = (code: number, status = 400, headers?: Record<string, string>): Reply => ({
  status,
  headers,
  value: { code, msg: `refused ${code}` },
});

/** Sends with a platform that answers every call but those for tokens with this. */
async function sendTo(send: Send, reply: Reply | undefined | ((asked: Asked) => Reply | undefined)) {
  const { env, calls } = install((asked) => {
    if (asked.path.startsWith("/auth/")) return missing;
    return typeof reply === "function" ? reply(asked) : reply;
  });
  return { sent: await feishu.send(send, env), calls: calls() };
}

describe("against a local Feishu", () => {
  let server: StartedFeishuServer;
  let env: ChannelEnv;

  beforeAll(async () => {
    const recorderPath = join(mkdtempSync(join(tmpdir(), "feishu-")), "calls.jsonl");
    server = await startFeishuServer({ recorderPath, appId: "cli_9f5343c580712544" });
    const { appId, appSecret, endpoints } = server.manifest;
    const vars = {
      ...secrets,
      FEISHU_APP_ID: appId,
      FEISHU_APP_SECRET: appSecret,
      FEISHU_API_ROOT: endpoints.apiRoot,
    };
    env = { vars, fetch: (...call) => fetch(...call), fetchNamed: fetch, now: () => NOW };
  });
  afterAll(() => server.close());

  /** The message as the platform's own SDK fetches it. */
  async function fetched(message_id: string) {
    const { appId, appSecret, baseUrl } = server.manifest;
    const client = new Client({ appId, appSecret, domain: baseUrl, loggerLevel: LoggerLevel.error });
    const { data } = await client.im.v1.message.get({ path: { message_id } });
    return data!.items![0]!;
  }

  const idOf = (sent: Sent) => ("messageId" in sent ? sent.messageId : "");

  it("sends rich text and plain text, which the SDK fetches again", async () => {
    const rich = await fetched(idOf(await feishu.send(message, env)));
    expect(rich).toMatchObject({ msg_type: "post", chat_id: "oc_1", body: { content: part.body } });
    const plain = await fetched(idOf(await feishu.send({ ...message, asPlain: true }, env)));
    expect(plain).toMatchObject({
      msg_type: "text",
      body: { content: JSON.stringify({ text: "hi & bye" }) },
    });
  });

  it("answers a message", async () => {
    const first = idOf(await feishu.send(message, env));
    const second = await fetched(idOf(await feishu.send({ ...message, replyTo: first }, env)));
    expect(second).toMatchObject({ parent_id: first, chat_id: "oc_1" });
  });

  it("sends every part of a long answer", async () => {
    const parts = feishu.render(`# Long\n\n${"Many **words** & <tags> 和汉字. ".repeat(1200)}`);
    expect(parts.length).toBeGreaterThan(2);
    for (const part of parts) {
      expect(await feishu.send({ ...message, part }, env)).toMatchObject({ outcome: "sent" });
    }
  });

  it("says what to check when the app's secret is wrong, and never shows it", async () => {
    const wrong = { ...env, vars: { ...env.vars, FEISHU_APP_SECRET: "not-the-secret" } };
    const sent = await feishu.send(message, wrong);
    expect(sent.outcome).toBe("failed");
    expect(JSON.stringify(sent)).not.toContain("not-the-secret");
  });
});

describe("a send", () => {
  it("carries its key as uuid, the same one at every try, never longer than 50", async () => {
    const uuids = new Set<string>();
    const keys = ["a", message.key, "x".repeat(50), "x".repeat(51), "x".repeat(300)];
    for (const key of [...keys, ...keys]) {
      const { calls } = await sendTo({ ...message, key }, made);
      expect(calls[0]!.body.uuid.length).toBeLessThanOrEqual(feishu.limits.sendKey!.maxLength);
      uuids.add(calls[0]!.body.uuid);
    }
    expect(uuids.size).toBe(keys.length);
    expect(feishu.limits.sendKey!.windowMs).toBeLessThanOrEqual(60 * 60_000);
  });

  it("goes to the chat, to the message that it answers, or into its thread", async () => {
    const paths = async (more: Partial<typeof message> & { replyTo?: string; to?: object }) =>
      (await sendTo({ ...message, ...more } as Send, made)).calls.map(({ method, path, body }) => [
        method,
        path,
        body.receive_id ?? body.reply_in_thread,
      ]);
    expect(await paths({})).toEqual([["POST", "/im/v1/messages?receive_id_type=chat_id", "oc_1"]]);
    expect(await paths({ replyTo: "om_1" })).toEqual([["POST", "/im/v1/messages/om_1/reply", undefined]]);
    const inThread = { ...to, thread: "om_root" };
    expect(await paths({ to: inThread })).toEqual([["POST", "/im/v1/messages/om_root/reply", true]]);
    expect(await paths({ to: inThread, replyTo: "om_1" })).toEqual([
      ["POST", "/im/v1/messages/om_1/reply", true],
    ]);
  });

  it.each([230011, 230110, 230019])("goes to the chat when what it answers is gone (%s)", async (code) => {
    const { sent, calls } = await sendTo(
      { ...message, replyTo: "om_1", to: { ...to, thread: "om_root" } },
      ({ path }) => (path.includes("/reply") ? refusal(code) : made),
    );
    expect(sent).toEqual({ outcome: "sent", messageId: "om_new" });
    expect(calls.map(({ path }) => path)).toEqual([
      "/im/v1/messages/om_1/reply",
      "/im/v1/messages/om_root/reply",
      "/im/v1/messages?receive_id_type=chat_id",
    ]);
  });

  it.each([230020, 99991400, 11232])(
    "is made again after a pause when it was too fast (%s)",
    async (code) => {
      for (const send of [message, edit]) {
        const { sent } = await sendTo(send, refusal(code));
        expect(sent).toMatchObject({ outcome: "retry" });
        expect("afterMs" in sent && sent.afterMs).toBeGreaterThanOrEqual(1000);
        const told = await sendTo(send, refusal(code, 429, { "x-ogw-ratelimit-reset": "17" }));
        expect(told.sent).toMatchObject({ outcome: "retry", afterMs: 17_000 });
      }
    },
  );

  it("is made again when a proxy says 429 in HTML", async () => {
    const html = { status: 429, value: new TextEncoder().encode("<html>slow down</html>") };
    expect((await sendTo(message, html)).sent.outcome).toBe("retry");
  });

  it.each([230001, 230025, 230099])(
    "whose markup is refused (%s) may go as plain text, once",
    async (code) => {
      for (const send of [message, edit]) {
        expect((await sendTo(send, refusal(code))).sent.outcome).toBe("markup");
        expect((await sendTo({ ...send, asPlain: true }, refusal(code))).sent.outcome).toBe("failed");
      }
    },
  );

  it.each([230002, 230006, 230013, 230018, 230027, 230035, 230053, 99991672, 1])(
    "that Feishu refuses for good (%s) has failed, and says why",
    async (code) => {
      const { sent } = await sendTo(message, refusal(code));
      expect(sent).toMatchObject({ outcome: "failed", reason: expect.stringContaining(String(code)) });
    },
  );

  it("whose outcome nobody knows is unknown; an edit is made again", async () => {
    for (const reply of [undefined, refusal(500, 500), refusal(504, 504), { value: new Uint8Array([1]) }]) {
      expect((await sendTo(message, reply)).sent.outcome).toBe("unknown");
      expect((await sendTo(edit, reply)).sent.outcome).toBe("retry");
    }
  });

  it("has certainly not left when no token could be had", async () => {
    for (const reply of [undefined, refusal(500, 502), refusal(99991400, 429)]) {
      const { env, calls } = install(() => reply);
      expect((await feishu.send(message, env)).outcome).toBe("retry");
      expect(calls()).toEqual([]);
    }
  });

  it("waits where Feishu cannot be reached at all, also with a token", async () => {
    let there = true;
    const { env } = install(({ path }) => (there && path.startsWith("/auth/") ? missing : undefined));
    for (const [send, state] of [
      [message, true],
      [message, false],
      [edit, false],
    ] as const) {
      there = state;
      const sent = await feishu.send(send, env);
      expect("unreached" in sent).toBe(!state);
    }
  });

  it("whose message was withdrawn meanwhile is not there to be edited", async () => {
    for (const code of [230011, 230110])
      expect((await sendTo(edit, refusal(code))).sent).toMatchObject({ outcome: "failed", gone: true });
    expect((await sendTo(edit, refusal(230002))).sent).not.toHaveProperty("gone");
  });

  it("names the variable when the app is refused", async () => {
    const { env } = install(() => refusal(10014, 200));
    expect(await feishu.send(message, env)).toMatchObject({
      outcome: "failed",
      reason: expect.stringContaining("FEISHU_APP_SECRET"),
    });
  });

  it("never throws without variables", async () => {
    const { env } = install();
    expect((await feishu.send(message, { ...env, vars: {} })).outcome).toBe("failed");
  });
});

describe("the token", () => {
  it("is asked for once, and again shortly before its end", async () => {
    let now = NOW;
    let serial = 0;
    const { env, asked } = install(({ path }) =>
      path.startsWith("/auth/")
        ? { value: { code: 0, msg: "ok", tenant_access_token: `t-${++serial}`, expire: 7200 } }
        : made,
    );
    const at = { ...env, now: () => now };
    for (const pause of [0, 7_000_000, 190_000]) {
      now += pause;
      await feishu.send(message, at);
    }
    const used = asked
      .filter(({ path }) => path.startsWith("/im/"))
      .map(({ authorization }) => authorization);
    expect(used).toEqual(["Bearer t-1", "Bearer t-1", "Bearer t-2"]);
  });

  it.each([99991663, 99991664, 99991661])("is replaced once when it is dead (%s)", async (code) => {
    let serial = 0;
    const { env, asked } = install(({ path, authorization }) => {
      if (path.startsWith("/auth/"))
        return { value: { code: 0, msg: "ok", tenant_access_token: `t-${++serial}`, expire: 7200 } };
      return authorization === "Bearer t-2" ? made : refusal(code, serial % 2 ? 400 : 200);
    });
    expect(await feishu.send(message, env)).toMatchObject({ outcome: "sent" });
    expect(asked).toHaveLength(4);
    const dead = install(({ path }) => (path.startsWith("/auth/") ? missing : refusal(code)));
    expect((await feishu.send(message, dead.env)).outcome).toBe("failed");
    expect(dead.asked).toHaveLength(4);
  });

  it("goes to the cloud that is set, and nowhere else", async () => {
    const roots: string[] = [];
    const { env } = install();
    const fetch = (async (url: string, init: RequestInit) => {
      roots.push(new URL(url).origin);
      expect(init.redirect).toBe("manual");
      return Response.json({
        code: 0,
        msg: "ok",
        tenant_access_token: "t",
        expire: 7200,
        data: { message_id: "om" },
      });
    }) as typeof globalThis.fetch;
    const at = (FEISHU_DOMAIN?: string, FEISHU_API_ROOT?: string) =>
      feishu.send(message, { ...env, fetch, vars: { ...secrets, FEISHU_DOMAIN, FEISHU_API_ROOT } });
    await at();
    await at("lark");
    await at("feishu", "https://proxy.test/");
    expect([...new Set(roots)]).toEqual([
      "https://open.feishu.cn",
      "https://open.larksuite.com",
      "https://proxy.test",
    ]);
  });
});

describe("the sign that it works", () => {
  const answering = "om_asked";

  it("stands under the message that is being answered, and is taken away", async () => {
    const items = [
      { reaction_id: "r1", operator: { operator_id: "cli_1", operator_type: "app" } },
      { reaction_id: "r2", operator: { operator_id: "ou_1", operator_type: "user" } },
    ];
    const reply: Reply = { value: { code: 0, msg: "ok", data: { items, has_more: false } } };
    const shown = await sendTo({ type: "typing", to, answering }, reply);
    expect(shown.calls).toMatchObject([
      {
        method: "POST",
        path: "/im/v1/messages/om_asked/reactions",
        body: { reaction_type: { emoji_type: "Typing" } },
      },
    ]);
    const over = await sendTo({ type: "typing", to, answering, over: true }, reply);
    expect(over.calls.map(({ method, path }) => `${method} ${path.split("?")[0]}`)).toEqual([
      "GET /im/v1/messages/om_asked/reactions",
      "DELETE /im/v1/messages/om_asked/reactions/r1",
    ]);
  });

  it("is left out where no message is answered", async () => {
    for (const send of [
      { type: "typing", to },
      { type: "typing", to, over: true },
    ] as const)
      expect((await sendTo(send, made)).calls).toEqual([]);
  });
});

describe("an edit", () => {
  it("replaces the content of a message of ours", async () => {
    const { sent, calls } = await sendTo(edit, { value: { code: 0, msg: "success", data: {} } });
    expect(sent).toEqual({ outcome: "sent", messageId: "om_7" });
    expect(calls).toMatchObject([
      { method: "PUT", path: "/im/v1/messages/om_7", body: { msg_type: "post", content: part.body } },
    ]);
  });

  it("without markup keeps the message's kind", async () => {
    const plain = { body: part.body, plain: 'one\n\n<at user_id="all">' };
    const { calls } = await sendTo({ ...edit, part: plain, asPlain: true }, made);
    const { content } = JSON.parse(calls[0]!.body.content).zh_cn;
    expect(calls[0]!.body.msg_type).toBe("post");
    expect(content.map((line: { text: string }[]) => line[0]!.text)).toEqual([
      "one",
      " ",
      '<\u200bat user_id="all">',
    ]);
  });
});

describe("rendering", () => {
  // biome-ignore lint/suspicious/noExplicitAny: elements of any kind
  const linesOf = (markdown: string): any[][] => JSON.parse(feishu.render(markdown)[0]!.body).zh_cn.content;
  const textOf = (body: string) =>
    (JSON.parse(body).zh_cn.content as { text: string }[][])
      .map((line) => line.map(({ text }) => text).join(""))
      .join("\n");

  it("writes styles, links and code as Feishu's own elements", () => {
    expect(linesOf("**a** *b* ~~c~~ [d](https://e.test) `f`\n\n```ts\nlet g;\n```\n\n> h")).toEqual([
      [
        { tag: "text", text: "a", style: ["bold"] },
        { tag: "text", text: " " },
        { tag: "text", text: "b", style: ["italic"] },
        { tag: "text", text: " " },
        { tag: "text", text: "c", style: ["lineThrough"] },
        { tag: "text", text: " " },
        { tag: "a", text: "d", href: "https://e.test" },
        { tag: "text", text: " " },
        { tag: "text", text: "`f`" },
      ],
      [{ tag: "code_block", language: "TYPESCRIPT", text: "let g;" }],
      [
        { tag: "text", text: "┃ " },
        { tag: "text", text: "h" },
      ],
    ]);
  });

  it("names no language that Feishu may not know, and links to nothing but web pages", () => {
    expect(linesOf("```brainfuck\n+\n```")).toEqual([[{ tag: "code_block", text: "+" }]]);
    expect(JSON.stringify(linesOf("[x](javascript:alert(1)) [y](tel:1)"))).not.toContain('"tag":"a"');
  });

  it.each(['<at user_id="all"></at>', "< at", '<AT user_id="ou_1">x</AT>', '`<at user_id="all">`'])(
    "lets the model mention nobody with %s",
    async (text) => {
      const part = feishu.render(`well ${text}`)[0]!;
      expect(textOf(part.body)).not.toMatch(/<\/?at\b/i);
      const { calls } = await sendTo({ ...message, part, asPlain: true }, made);
      expect(JSON.parse(calls[0]!.body.content).text).not.toMatch(/<\/?at\b/i);
    },
  );

  it("keeps every letter, within 30 KB as a request and 150 KB as text", async () => {
    const texts = fc.array(
      fc.oneof(
        fc.string({ unit: "grapheme" }),
        fc.constantFrom("\n\n", "**b**", "```\ncode\n```\n", '漢字"\\', "> "),
      ),
    );
    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 1, max: 60 }), async (pieces, times) => {
        const markdown = pieces.join(" ").repeat(times);
        for (const part of feishu.render(markdown).slice(0, 3)) {
          const { calls } = await sendTo({ ...message, part, key: "x".repeat(60) }, made);
          expect(new TextEncoder().encode(JSON.stringify(calls[0]!.body)).length).toBeLessThanOrEqual(30_000);
          expect(letters(textOf(part.body))).toBe(letters(withoutAddresses(part.plain, part.body)));
        }
      }),
      { numRuns: 40 },
    );
  });

  /** Plain text shows a link's address in brackets; rich text has it in the element. */
  function withoutAddresses(plain: string, body: string): string {
    const hrefs = (JSON.parse(body).zh_cn.content as { href?: string; text: string }[][]).flat();
    return hrefs.reduce(
      (text, { href, text: shown }) => (href && href !== shown ? text.replace(` (${href})`, "") : text),
      plain,
    );
  }
});

describe("a download", () => {
  const file = { kind: "file", ref: "om_1/file/file_v3_1", name: "a.json" } as const;
  const bytes = new TextEncoder().encode('{"code":5}');

  it("gives the bytes of a message's file or picture", async () => {
    const { env, calls } = install(() => ({ headers: { "content-type": "image/png" }, value: bytes }), {});
    const ready = install(({ path }) =>
      path.startsWith("/auth/") ? missing : { headers: { "content-type": "image/png" }, value: bytes },
    );
    const got = await feishu.download({ ...file, kind: "image", ref: "om_1/image/img_v3_1" }, ready.env);
    expect(got.ok && (await new Response(got.body).text())).toBe('{"code":5}');
    expect(ready.calls().map(({ path }) => path)).toEqual([
      "/im/v1/messages/om_1/resources/img_v3_1?type=image",
    ]);
    expect((await feishu.download(file, env)).ok).toBe(false);
    expect(calls()).toEqual([]);
  });

  it("takes a file for a file, though it is JSON", async () => {
    const headers = {
      "content-type": "application/json",
      "content-disposition": 'attachment; filename="a.json"',
    };
    const { env } = install(({ path }) => (path.startsWith("/auth/") ? missing : { headers, value: bytes }));
    const got = await feishu.download(file, env);
    expect(got.ok && (await new Response(got.body).text())).toBe('{"code":5}');
  });

  it.each([
    ["a refusal", refusal(234003)],
    ["an answer that is no file", made],
    ["a file of a length that is too large", { headers: { "content-length": "30000000" }, value: bytes }],
    ["silence", undefined],
  ])("says why not after %s", async (_, reply) => {
    const { env } = install(({ path }) => (path.startsWith("/auth/") ? missing : reply));
    expect(await feishu.download(file, env)).toMatchObject({ ok: false, reason: expect.any(String) });
  });

  it("breaks off above 20 MB, though no length was told", async () => {
    const { env } = install(({ path }) =>
      path.startsWith("/auth/") ? missing : { value: new Uint8Array(21 * 1024 * 1024) },
    );
    const got = await feishu.download(file, env);
    await expect(got.ok ? new Response(got.body).arrayBuffer() : got).rejects.toThrow("20 MB");
  });

  it.each(["nothing", "om_1/file/", "om_1/card/x", "om_1/file/x/../y", "/file/x"])(
    "of %s is refused",
    async (ref) => {
      const { env, asked } = install();
      expect((await feishu.download({ ...file, ref }, env)).ok).toBe(false);
      expect(asked).toEqual([]);
    },
  );
});

describe("what stands in its way", () => {
  it("is nothing when all four secrets are set", () => {
    expect(feishu.problem(secrets)).toBeUndefined();
    expect(feishu.problem({ ...secrets, FEISHU_DOMAIN: "Lark" })).toBeUndefined();
  });

  it("is told by the variable's name", () => {
    expect(feishu.problem({})).toMatch(/FEISHU_APP_ID.*FEISHU_VERIFICATION_TOKEN/);
    expect(feishu.problem({ ...secrets, FEISHU_ENCRYPT_KEY: " " })).toMatch(/FEISHU_ENCRYPT_KEY/);
    expect(feishu.problem({ ...secrets, FEISHU_DOMAIN: "mars" })).toMatch(/FEISHU_DOMAIN/);
    expect(feishu.problem({ ...secrets, FEISHU_API_ROOT: "open.feishu.cn" })).toMatch(/FEISHU_API_ROOT/);
    expect(feishu.problem({ ...secrets, FEISHU_ENABLED: "false" })).toMatch(/FEISHU_ENABLED/);
  });
});
