import { mkdtempSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type StartedTelegramServer, startTelegramServer } from "@openclaw/crabline";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { ChannelEnv, Send } from "../../../channels/channel.ts";
import { telegram } from "../../../channels/telegram/index.ts";
import { envWith, TOKEN } from "./env.ts";
import { json, type Seen, serve } from "./server.ts";

const part = { body: "<b>hi</b> &amp; bye", plain: "hi & bye" };
const message: Send = { type: "message", to: { chatId: "1001" }, part, key: "k" };
const edit: Send = { type: "edit", to: { chatId: "1001" }, messageId: "7", part, key: "k" };

describe("against a local Bot API", () => {
  let server: StartedTelegramServer;
  let env: ChannelEnv;
  // biome-ignore lint/suspicious/noExplicitAny: the server's own log
  const calls: any[] = [];

  beforeAll(async () => {
    const recorderPath = join(mkdtempSync(join(tmpdir(), "telegram-")), "calls.jsonl");
    server = await startTelegramServer({ recorderPath, onEvent: (event) => void calls.push(event) });
    const { botToken, endpoints } = server.manifest;
    env = envWith({
      vars: { TELEGRAM_BOT_TOKEN: botToken, TELEGRAM_API_ROOT: `${endpoints.apiRoot}/` },
      fetch,
    });
  });
  afterAll(() => server.close());

  it("sends HTML without a link preview, as an answer to a message that may be gone", async () => {
    const sent = await telegram.send({ ...message, replyTo: "12" }, env);
    expect(sent).toEqual({ outcome: "sent", messageId: expect.stringMatching(/^\d+$/) });
    expect(calls.at(-1).body).toEqual({
      chat_id: "1001",
      text: part.body,
      parse_mode: "HTML",
      link_preview_options: { is_disabled: true },
      reply_parameters: { message_id: 12, allow_sending_without_reply: true },
    });
  });

  it("puts choices below a message as buttons", async () => {
    const choices = [
      { label: "Yes", value: "yes:1" },
      { label: "No", value: "no:1" },
    ];
    await telegram.send({ ...message, choices }, env);
    const row = [
      { text: "Yes", callback_data: "yes:1" },
      { text: "No", callback_data: "no:1" },
    ];
    expect(calls.at(-1).body.reply_markup).toEqual({ inline_keyboard: [row] });
    await telegram.send(edit, env);
    expect(calls.at(-1).body.reply_markup).toBeUndefined();
  });

  it("sends the plain form without a parse mode", async () => {
    expect(await telegram.send({ ...message, asPlain: true }, env)).toMatchObject({ outcome: "sent" });
    expect(calls.at(-1).body).toMatchObject({ text: "hi & bye" });
    expect(calls.at(-1).body.parse_mode).toBeUndefined();
  });

  it("edits the message that it sent", async () => {
    const sent = await telegram.send(message, env);
    const messageId = "messageId" in sent ? sent.messageId : "";
    expect(await telegram.send({ ...edit, messageId }, env)).toEqual({ outcome: "sent", messageId });
    expect(calls.at(-1).body.message_id).toBe(Number(messageId));
  });

  it("sends every part of a long answer", async () => {
    const parts = telegram.render(`# Long\n\n${"Many **words** & <tags>. ".repeat(900)}`);
    expect(parts.length).toBeGreaterThan(2);
    for (const part of parts) {
      expect(await telegram.send({ ...message, part }, env)).toMatchObject({ outcome: "sent" });
    }
  });

  it("shows typing", async () => {
    expect(await telegram.send({ type: "typing", to: { chatId: "1001" } }, env)).toMatchObject({
      outcome: "sent",
    });
    expect(calls.at(-1).body).toEqual({ chat_id: "1001", action: "typing" });
  });

  it("calls nothing for an activity", async () => {
    const before = calls.length;
    const send: Send = { type: "activity", to: { chatId: "1001" }, text: "bash: ls" };
    expect(await telegram.send(send, env)).toMatchObject({ outcome: "sent" });
    expect(calls.length).toBe(before);
  });
});

describe("against a Bot API in trouble", () => {
  let server: Awaited<ReturnType<typeof serve>>;
  let env: ChannelEnv;
  let answer: (seen: Seen, response: ServerResponse) => void;
  const refuse = (error_code: number, description: string, parameters?: object) => {
    answer = (_, response) => json(response, error_code, { ok: false, error_code, description, parameters });
  };

  beforeEach(async () => {
    server = await serve((seen, response) => answer(seen, response));
    env = envWith({ vars: { TELEGRAM_BOT_TOKEN: TOKEN, TELEGRAM_API_ROOT: server.root }, fetch });
  });
  afterEach(async () => {
    vi.useRealTimers();
    await server.close();
  });

  it("puts everything into the topic that was asked for", async () => {
    answer = (_, response) => json(response, 200, { ok: true, result: { message_id: 5 } });
    const to = { chatId: "-1001", thread: "7" };
    await telegram.send({ ...message, to }, env);
    await telegram.send({ type: "typing", to }, env);
    await telegram.send({ type: "draft", to, part, draftId: 9 }, env);
    expect(server.seen.map(({ body }) => body.message_thread_id)).toEqual([7, 7, 7]);
    expect(server.seen.at(-1)).toMatchObject({
      path: `/bot${TOKEN}/sendMessageDraft`,
      body: { draft_id: 9 },
    });
  });

  it.each([message, edit])("tries a $type again after the time that Telegram asks for", async (send) => {
    refuse(429, "Too Many Requests: retry after 17", { retry_after: 17 });
    expect(await telegram.send(send, env)).toMatchObject({ outcome: "retry", afterMs: 17_000 });
  });

  it("tries again after some pause when a proxy says 429 in HTML", async () => {
    answer = (_, response) => response.writeHead(429).end("<html>slow down</html>");
    const sent = await telegram.send(message, env);
    expect(sent.outcome === "retry" && sent.afterMs).toBeGreaterThanOrEqual(1000);
  });

  it.each([
    'Bad Request: can\'t parse entities: Unsupported start tag "x" at byte offset 3',
    "Bad Request: can't parse entities: Can't find end tag corresponding to start tag b",
  ])("asks for the plain form at %s", async (description) => {
    refuse(400, description);
    expect(await telegram.send(message, env)).toMatchObject({ outcome: "markup" });
    expect(await telegram.send(edit, env)).toMatchObject({ outcome: "markup" });
    expect(await telegram.send({ ...message, asPlain: true }, env)).toMatchObject({ outcome: "failed" });
  });

  it("is content when an edit changes nothing", async () => {
    refuse(400, "Bad Request: message is not modified: specified new message content is exactly the same");
    expect(await telegram.send(edit, env)).toEqual({ outcome: "sent", messageId: "7" });
  });

  it("follows a chat that moved", async () => {
    const parameters = { migrate_to_chat_id: -1001234 };
    refuse(400, "Bad Request: group chat was upgraded to a supergroup chat", parameters);
    expect(await telegram.send(message, env)).toEqual({ outcome: "moved", chatId: "-1001234" });
  });

  it.each([
    [400, "Bad Request: chat not found"],
    [401, "Unauthorized"],
    [403, "Forbidden: bot was blocked by the user"],
    [404, "Not Found"],
  ])("gives up at %i and says why", async (code, description) => {
    refuse(code, description);
    for (const send of [message, edit]) {
      const sent = await telegram.send(send, env);
      expect(sent).toEqual({ outcome: "failed", reason: expect.stringContaining(description) });
    }
  });

  it.each([
    [
      "an error 500",
      (_: Seen, response: ServerResponse) =>
        json(response, 500, { ok: false, error_code: 500, description: "Internal" }),
    ],
    ["an error 502 in HTML", (_: Seen, response: ServerResponse) => response.writeHead(502).end("<html>")],
    ["no connection to Telegram at all", (_: Seen, response: ServerResponse) => response.destroy()],
  ])("tries again later after %s", async (_, trouble) => {
    answer = trouble as typeof answer;
    for (const send of [message, edit])
      expect(await telegram.send(send, env)).toMatchObject({ outcome: "retry", afterMs: expect.any(Number) });
  });

  it("waits where Telegram cannot be reached at all", async () => {
    answer = (_, response) => response.destroy();
    for (const send of [message, edit])
      expect(await telegram.send(send, env)).toMatchObject({ outcome: "retry", unreached: true });
  });

  it.each(["Bad Request: message to edit not found", "Bad Request: MESSAGE_ID_INVALID"])(
    "says when the message that is to be edited was deleted: %s",
    async (description) => {
      refuse(400, description);
      expect(await telegram.send(edit, env)).toMatchObject({ outcome: "failed", gone: true });
      expect(await telegram.send(message, env)).not.toHaveProperty("gone");
    },
  );

  it("may repeat a message once when only its own connection was lost", async () => {
    answer = ({ path }, response) =>
      path.endsWith("/getMe")
        ? json(response, 200, { ok: true, result: { id: 1, is_bot: true, username: "flare_bot" } })
        : response.destroy();
    expect(await telegram.send(message, env)).toMatchObject({ outcome: "unknown", mayRepeat: true });
    const edited = await telegram.send(edit, env);
    expect(edited).toMatchObject({ outcome: "retry" });
    expect(edited).not.toHaveProperty("unreached");
  });

  it.each([
    ["half an answer", (_: Seen, response: ServerResponse) => response.writeHead(200).end('{"ok":tr')],
    [
      "an answer that is cut",
      (_: Seen, response: ServerResponse) => {
        response.writeHead(200, { "content-length": "100" }).write('{"ok":', () => response.destroy());
      },
    ],
    ["a gateway's time-out", (_: Seen, response: ServerResponse) => response.writeHead(504).end("<html>")],
  ])("does not know about a message after %s, and repeats an edit", async (_, trouble) => {
    answer = trouble as typeof answer;
    const sent = await telegram.send(message, env);
    expect(sent).toMatchObject({ outcome: "unknown" });
    expect(sent).not.toHaveProperty("mayRepeat");
    expect(await telegram.send(edit, env)).toMatchObject({ outcome: "retry", afterMs: expect.any(Number) });
  });

  it("never calls fetch as a method, which the Workers runtime refuses", async () => {
    answer = (_, response) => json(response, 200, { ok: true, result: { message_id: 5, file_path: "x" } });
    const strict = function (this: unknown, ...call: Parameters<typeof fetch>) {
      if (this !== undefined) throw new TypeError("Illegal invocation");
      return fetch(...call);
    } as typeof fetch;
    expect(await telegram.send(message, { ...env, fetch: strict })).toMatchObject({ outcome: "sent" });
    const got = await telegram.download({ kind: "file", ref: "f" }, { ...env, fetch: strict });
    expect(got.ok).toBe(true);
    if (got.ok) await got.body.cancel();
  });

  it("follows no redirect", async () => {
    answer = (_, response) => response.writeHead(302, { location: `${server.root}/elsewhere` }).end();
    expect(await telegram.send(message, env)).toMatchObject({ outcome: "failed" });
    expect(server.seen).toHaveLength(1);
  });

  it.each(["before", "after"])("cuts a request that hangs %s the headers within 30 seconds", async (when) => {
    const hangs = new Promise<void>((resolve) => {
      answer = (_, response) => {
        if (when === "after") response.writeHead(200).write('{"ok":');
        resolve();
      };
    });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const sending = telegram.send(message, env);
    await hangs;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await sending).toMatchObject({ outcome: "unknown" });
  });

  it("never says the token", async () => {
    const troubles: (typeof answer)[] = [
      (_, response) => response.destroy(),
      ({ path }, response) =>
        json(response, 400, { ok: false, error_code: 400, description: `Bad path ${path}` }),
      ({ path }, response) => response.writeHead(500).end(path),
    ];
    for (const trouble of troubles) {
      answer = trouble;
      for (const send of [message, edit])
        expect(JSON.stringify(await telegram.send(send, env))).not.toContain(TOKEN);
      const got = await telegram.download({ kind: "file", ref: "f" }, env);
      expect(JSON.stringify(got)).not.toContain(TOKEN);
    }
  });

  it("fails with the variable's name when there is no token", async () => {
    const sent = await telegram.send(message, { ...env, vars: {} });
    expect(sent).toEqual({ outcome: "failed", reason: expect.stringContaining("TELEGRAM_BOT_TOKEN") });
  });

  describe("downloading", () => {
    const file = { kind: "file" as const, ref: "BQAC" };
    const give = (result: object, bytes: (response: ServerResponse) => void) => {
      answer = ({ path }, response) =>
        path.startsWith("/file/") ? bytes(response) : json(response, 200, { ok: true, result });
    };

    it("gives the file's bytes", async () => {
      give({ file_path: "documents/file_1.pdf" }, (response) => response.end("hello"));
      const got = await telegram.download(file, env);
      expect(got.ok && (await new Response(got.body).text())).toBe("hello");
      expect(server.seen[0]!.body).toEqual({ file_id: "BQAC" });
      expect(server.seen[1]!.path).toBe(`/file/bot${TOKEN}/documents/file_1.pdf`);
    });

    it("asks for nothing that is said to be above 20 MB", async () => {
      const got = await telegram.download({ ...file, size: 20 * 1024 * 1024 + 1 }, env);
      expect(got).toEqual({ ok: false, reason: expect.stringContaining("20 MB") });
      expect(server.seen).toHaveLength(0);
    });

    it("stops a stream that grows above 20 MB unannounced", async () => {
      give({ file_path: "x" }, (response) => {
        for (let i = 0; i < 21; i++) response.write(Buffer.alloc(1024 * 1024));
        response.end();
      });
      const got = await telegram.download(file, env);
      await expect(got.ok && new Response(got.body).arrayBuffer()).rejects.toThrow("20 MB");
    });

    it("says why there is no file", async () => {
      refuse(400, "Bad Request: file is too big");
      expect(await telegram.download(file, env)).toEqual({
        ok: false,
        reason: expect.stringContaining("too big"),
      });
      give({ file_path: "x" }, (response) => response.writeHead(404).end());
      expect(await telegram.download(file, env)).toEqual({
        ok: false,
        reason: expect.stringContaining("404"),
      });
    });
  });
});

describe("what is missing", () => {
  it.each([
    [{}, "TELEGRAM_BOT_TOKEN"],
    [{ TELEGRAM_BOT_TOKEN: "nonsense" }, "TELEGRAM_BOT_TOKEN"],
    [{ TELEGRAM_BOT_TOKEN: TOKEN }, "TELEGRAM_WEBHOOK_SECRET"],
    [{ TELEGRAM_BOT_TOKEN: TOKEN, TELEGRAM_WEBHOOK_SECRET: "no spaces" }, "TELEGRAM_WEBHOOK_SECRET"],
    [
      { TELEGRAM_BOT_TOKEN: TOKEN, TELEGRAM_WEBHOOK_SECRET: "ok", TELEGRAM_ENABLED: "false" },
      "TELEGRAM_ENABLED",
    ],
  ])("is named: %j", (vars, name) => {
    expect(telegram.problem(vars)).toContain(name);
  });

  it("is nothing when token and secret are set", () => {
    expect(telegram.problem({ TELEGRAM_BOT_TOKEN: TOKEN, TELEGRAM_WEBHOOK_SECRET: "ok" })).toBeUndefined();
  });
});
