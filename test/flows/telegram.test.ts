import { env, exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { endsWithItsTest } from "./obey.ts";
import { deliver, direct, fresh, inGroup, peers, register, room } from "./talk.ts";

const BOT = "@crabline_bot";

const { TELEGRAM_API_ROOT, TELEGRAM_BOT_TOKEN } = env as unknown as Record<string, string>;

/** The bot's own name, as the platform tells it. */
async function botName(): Promise<string> {
  const response = await fetch(`${TELEGRAM_API_ROOT}/bot${TELEGRAM_BOT_TOKEN}/getMe`);
  return ((await response.json()) as { result: { username: string } }).result.username;
}

test("a wrong or missing secret is refused and nothing is stored", async () => {
  const chat = fresh();
  expect((await deliver(direct(chat, "hello"), "wrong")).status).toBe(401);
  const request = new Request("http://flare.test/webhook/telegram", { method: "POST", body: "{}" });
  expect((await exports.default.fetch(request)).status).toBe(401);
  expect(await room(chat).history({ limit: 10 })).toEqual([]);
});

test("a body that is too large, no JSON, or of an unknown kind gets its own answer", async () => {
  const post = (body: string) =>
    exports.default.fetch(
      new Request("http://flare.test/webhook/telegram", {
        method: "POST",
        headers: { "x-telegram-bot-api-secret-token": "flow-secret" },
        body,
      }),
    );
  expect((await post("x".repeat(1024 * 1024 + 1))).status).toBe(413);
  expect((await post("{not json")).status).toBe(400);
  expect((await post(JSON.stringify({ update_id: fresh(), shipping_query: { id: "1" } }))).status).toBe(200);
});

test("a chat that is not registered stays silent, and main is told the words that register it, once", async () => {
  const chat = -fresh();
  const title = `Silent ${-chat}`;
  const knock = () =>
    deliver(inGroup(chat, "@Flare hello", { chat: { id: chat, type: "supergroup", title } }));
  expect((await knock()).status).toBe(200);
  await knock();
  const main = env.GROUP.getByName("web:main");
  await expect
    .poll(
      async () =>
        (await main.history({ limit: 100 })).filter((message) => message.text.includes(title)).length,
    )
    .toBe(1);
  expect(await peers.shown(chat)).toEqual([]);
});

test("a stranger whom ALLOW_FROM does not name is not answered", async () => {
  const chat = fresh();
  const from = { id: 66, is_bot: false, first_name: "Mallory" };
  expect((await deliver(direct(chat, "hello", { from }))).status).toBe(200);
  expect(await room(chat).history({ limit: 10 })).toEqual([]);
  expect(await peers.shown(chat)).toEqual([]);
});

test("/main with the code from the console makes a chat main, a wrong code does not", async () => {
  const chat = fresh();
  const command = { entities: [{ type: "bot_command", offset: 0, length: 5 }] };
  await deliver(direct(chat, "/main WRONGONE", command));
  expect((await room(chat).status()).main).toBe(false);
  const code = await env.DIRECTORY.getByName("directory").mainCode();
  await deliver(direct(chat, `/main ${code}`, command));
  endsWithItsTest(chat);
  await peers.shown(chat, 2);
  expect((await room(chat).status()).main).toBe(true);
});

test("whom ALLOW_FROM does not name makes no chat main, not even with the code", async () => {
  const from = { id: 66, is_bot: false, first_name: "Mallory" };
  const command = { from, entities: [{ type: "bot_command", offset: 0, length: 5 }] };
  const code = await env.DIRECTORY.getByName("directory").mainCode();
  const [alone, group] = [fresh(), -fresh()];
  await register(group);
  await deliver(direct(alone, `/main ${code}`, command));
  await deliver(inGroup(group, `/main ${code}`, command));
  for (const chat of [alone, group]) {
    expect((await room(chat).status()).main).toBe(false);
    expect(await peers.shown(chat)).toEqual([]);
  }
});

test("a group is woken by a mention anywhere, a reply to the bot and a command, and by nothing else", async () => {
  const chat = -fresh();
  await register(chat);
  const name = await botName();
  const ways: [string, string, Record<string, unknown>][] = [
    ["mention", `what about @${name} ?`, {}],
    [
      "reply",
      "and you?",
      {
        reply_to_message: {
          message_id: 1,
          date: 1,
          chat: { id: chat, type: "supergroup" },
          from: {
            id: Number(String(TELEGRAM_BOT_TOKEN).split(":")[0]),
            is_bot: true,
            first_name: "Flare",
          },
          text: "hi",
        },
      },
    ],
  ];
  let count = 0;
  for (const [way, text, more] of ways) {
    const key = `${way}-${-chat}`;
    await peers.script(key, { text: `Woken by ${way}.` });
    const full = `${key} ${text}`;
    const at = full.indexOf(`@${name}`);
    const entities = at >= 0 ? { entities: [{ type: "mention", offset: at, length: name.length + 1 }] } : {};
    await deliver(inGroup(chat, full, { ...more, ...entities }));
    expect((await peers.shown(chat, ++count)).at(-1)).toBe(`Woken by ${way}.`);
  }
  await deliver(inGroup(chat, "hello @Flare in the middle"));
  await deliver(
    inGroup(chat, `/help${BOT}`, { entities: [{ type: "bot_command", offset: 0, length: 5 + BOT.length }] }),
  );
  await deliver(inGroup(chat, "@Flareon is something else"));
  expect((await room(chat).status()).waiting).toBe(0);
  await deliver(inGroup(chat, "/help", { entities: [{ type: "bot_command", offset: 0, length: 5 }] }));
  expect((await peers.shown(chat, ++count)).at(-1)).toContain("/status");
});

test("a forum topic is answered in its topic", async () => {
  const chat = -fresh();
  await register(chat);
  const key = `topic-${-chat}`;
  await peers.script(key, { text: "In the topic." });
  await deliver(
    inGroup(chat, `@Flare ${key} hello`, {
      message_thread_id: 77,
      is_topic_message: true,
      chat: { id: chat, type: "supergroup", title: "Forum", is_forum: true },
    }),
  );
  const [call] = await peers.calls({ chatId: chat, atLeast: 1 });
  expect(call!.body.message_thread_id).toBe(77);
});

test("markup that Telegram refuses is sent once more as plain text", async () => {
  const chat = fresh();
  const key = `plain-${chat}`;
  await peers.fault(chat, {
    status: 400,
    description: "Bad Request: can't parse entities: Unsupported start tag",
    method: "sendMessage",
  });
  await peers.script(key, { text: "**bold** words" });
  await deliver(direct(chat, `${key} go`));
  const shown = await peers.shown(chat, 2, 15_000);
  expect(shown).toHaveLength(1);
  const calls = (await peers.calls({ chatId: chat })).filter((call) => call.outcome === "shown");
  expect(calls[0]!.body.parse_mode).toBeUndefined();
  expect(shown[0]).toContain("bold");
});

test("a long answer arrives in order, in parts that Telegram takes", async () => {
  const chat = fresh();
  const key = `long-${chat}`;
  const words = Array.from({ length: 2500 }, (_, index) => `word${index}`);
  await peers.script(key, { text: words.join(" "), chunkSize: 4000 });
  await deliver(direct(chat, `${key} go`));
  const said = async () => (await peers.shown(chat)).join(" ").split(/\s+/);
  await expect.poll(async () => (await said()).at(-1), { timeout: 15_000 }).toBe(words.at(-1));
  const shown = await peers.shown(chat);
  expect(shown.every((part) => part.length <= 4096)).toBe(true);
  expect(await said()).toEqual(words);
});

test("a rate limit is waited out and the answer arrives once", async () => {
  const chat = fresh();
  const key = `limit-${chat}`;
  await peers.fault(chat, {
    status: 429,
    description: "Too Many Requests: retry after 1",
    body: { parameters: { retry_after: 1 } },
    method: "sendMessage",
  });
  await peers.script(key, { text: "After the limit." });
  await deliver(direct(chat, `${key} go`));
  expect(await peers.shown(chat, 2, 15_000)).toEqual(["After the limit."]);
});

test("a send that was shown and never acknowledged is repeated at most once, and later ones follow", async () => {
  const chat = fresh();
  const key = `cut-${chat}`;
  await peers.fault(chat, { cut: "after", method: "sendMessage" });
  await peers.script(key, { text: "Perhaps." });
  await deliver(direct(chat, `${key} go`));
  await peers.calls({ chatId: chat, atLeast: 1 });
  const next = `cut-next-${chat}`;
  await peers.script(next, { text: "Surely." });
  await deliver(direct(chat, `${next} go`));
  await expect.poll(async () => (await peers.shown(chat)).at(-1), { timeout: 15_000 }).toBe("Surely.");
  const calls = await peers.calls({ chatId: chat });
  expect(calls.filter((call) => call.body.text === "Surely.")).toHaveLength(1);
  expect(calls.filter((call) => call.body.text === "Perhaps.").length).toBeLessThanOrEqual(2);
});

test("a group that moves to a new id keeps its conversation", async () => {
  const [old, moved] = [-fresh(), -fresh() - 1_000_000_000];
  await register(old);
  const first = `old-${-old}`;
  await peers.script(first, { text: "Noted." });
  await deliver(inGroup(old, `@Flare ${first} the code word is heron`));
  await peers.shown(old, 1);
  await deliver(inGroup(old, "", { text: undefined, migrate_to_chat_id: moved }));
  const second = `new-${-moved}`;
  await peers.script(second, { text: "Heron." });
  await deliver(inGroup(moved, `@Flare ${second} what is the code word?`));
  expect(await peers.shown(moved, 1)).toEqual(["Heron."]);
  const request = (await peers.requests(second, 1))[0]!;
  expect(JSON.stringify(request.body.messages)).toContain("heron");
});

test("a chat cannot move onto one that is registered: both go on for themselves", async () => {
  const [old, other] = [-fresh(), -fresh() - 1_000_000_000];
  await register(old);
  await register(other);
  await deliver(inGroup(old, "", { text: undefined, migrate_to_chat_id: other }));
  for (const chat of [other, old]) {
    const key = `own-${-chat}`;
    await peers.script(key, { text: `Here in ${chat}.` });
    await deliver(inGroup(chat, `@Flare ${key} hello`));
    expect(await peers.shown(chat, 1)).toEqual([`Here in ${chat}.`]);
  }
});

test("a document lands in the workspace and its path is told to the model", async () => {
  const chat = fresh();
  const key = `doc-${chat}`;
  await peers.file(`doc-${chat}`, "shopping: milk");
  await peers.script(
    key,
    { toolCalls: [{ name: "bash", arguments: { command: "cat attachments/*" } }] },
    { text: "Milk." },
  );
  const document = {
    file_id: `doc-${chat}`,
    file_unique_id: `u${chat}`,
    file_name: "list.txt",
    mime_type: "text/plain",
    file_size: 14,
  };
  await deliver(direct(chat, "", { text: undefined, document, caption: `${key} what is on it?` }));
  expect(await peers.shown(chat, 1)).toEqual(["Milk."]);
  const requests = await peers.requests(key, 2);
  expect(JSON.stringify(requests[0]!.body.messages)).toMatch(
    /\/workspace\/group\/attachments\/[^"]*list\.txt/,
  );
  expect(JSON.stringify(requests[1]!.body.messages)).toContain("shopping: milk");
});

test("a slow answer in a group is one message that grows, and ends whole", async () => {
  const chat = -fresh();
  await register(chat);
  const key = `grow-${-chat}`;
  const text = Array.from({ length: 60 }, (_, index) => `piece ${index}`).join(", ");
  await peers.script(key, { text, chunkSize: 40, paceMs: 400 });
  const update = inGroup(chat, `@Flare ${key} go`);
  await deliver(update);
  await peers.calls({ chatId: chat, method: "editMessageText", atLeast: 1, timeoutMs: 20_000 });
  await expect
    .poll(async () => (await peers.calls({ chatId: chat, method: "editMessageText" })).at(-1)?.body.text, {
      timeout: 20_000,
    })
    .toBe(text);
  expect(await peers.shown(chat, 1)).toHaveLength(1);
  const [first] = await peers.calls({ chatId: chat });
  expect(first!.body.reply_parameters).toMatchObject({ message_id: update.message.message_id });
});

test.each([
  ["markup that it refuses", { status: 400, description: "Bad Request: can't parse entities" }],
  [
    "a rate limit",
    { status: 429, description: "Too Many Requests", body: { parameters: { retry_after: 1 } } },
  ],
  ["an error of its own", { status: 502, description: "Bad Gateway" }],
])(
  "a streamed answer whose beginning meets %s is sent whole, once, and nothing is left over",
  async (name, fault) => {
    const chat = -fresh();
    await register(chat);
    const key = `begin-${-chat}-${name.length}`;
    const text = Array.from({ length: 30 }, (_, index) => `piece ${index}`).join(", ");
    await peers.fault(chat, { ...fault, method: "sendMessage" });
    await peers.script(key, { text, chunkSize: 40, paceMs: 600 });
    await deliver(inGroup(chat, `@Flare ${key} go`));
    expect(await peers.shown(chat, 2, 20_000)).toEqual([text]);
    expect(await room(chat).deadLetters()).toEqual([]);
  },
);
