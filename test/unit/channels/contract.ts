import { describe, expect, it } from "vitest";
import type { Channel, ChannelEnv, Inbound, Send } from "../../../channels/channel.ts";

/** What a platform tells and how it is spoken to, by whichever door. */
export interface Platform {
  channel: Channel;
  /** Everything secret among the variables and in the events: no reason may hold it. */
  secrets: string[];
  /** Events as the channel reads them, by whichever door they come. */
  read: Record<"plain" | "mention" | "command" | "reply" | "bot" | "own" | "file", () => Promise<Inbound[]>>;
  /** An edit, and the message as it was before; absent where the platform tells of none. */
  edits?: Record<"edit" | "edited", () => Promise<Inbound[]>>;
  /** A reaction of a person under a message, and the same with another sign. */
  reactions: Record<"one" | "other", () => Promise<Inbound[]>>;
  /** The file that a request brings or names; undefined where it has none. */
  fileIn(asked: unknown): Promise<{ name: string; text?: string } | undefined>;
  /** An outside that answers each send so, and adds each request to `asked`. */
  answering: Record<"sent" | "forbidden" | "broken" | "lost", (asked?: unknown[]) => ChannelEnv> & {
    rateLimited(seconds: number): ChannelEnv;
  };
  /** What makes a repeated send harmless, as this request carries it; absent where the platform has nothing. */
  keyOf?(asked: unknown): unknown;
}

/** A platform with a webhook. Requests are fresh each time. */
export interface Kit extends Pick<Platform, "channel" | "secrets" | "read" | "edits" | "reactions"> {
  env(overrides?: Partial<ChannelEnv>): ChannelEnv;
  /** A request with a true signature over this body. */
  request(body: string): Request | Promise<Request>;
  /** Requests that somebody else made. `atHeader`: it shows before the body is read. */
  forged: Record<string, { atHeader: boolean; request(): Request | Promise<Request> }>;
  /** A body of a kind that the channel does not know. */
  unknownKind: string;
  /** A webhook's body that is a person's message. */
  event(): string;
  /** What the platform answers to a send. */
  answers: {
    /** To a file that is brought before the message that names it. */
    uploaded?(path: string): Response | undefined;
    sent(): Response;
    rateLimited(seconds: number): Response;
    forbidden(): Response;
    broken(): Response;
  };
  /** What makes a repeated send harmless, as the request's body carries it. */
  keyOf?(body: Record<string, unknown>): unknown;
}

const to = { chatId: "1001" };
const part = { body: "hi", plain: "hi" };
const message = (key = "01KAAAAAAAAAAAAAAAAAAAAAAA"): Send => ({ type: "message", to, part, key });

/** The rules that hold for each platform with a webhook. */
export function contract(name: string, kit: Kit): void {
  door(name, kit);
  speech(name, byRequests(kit));
}

function door(name: string, kit: Kit): void {
  describe(`${name}'s door`, () => {
    it.each(Object.entries(kit.forged))("answers 401 to %s", async (_, { atHeader, request }) => {
      const forged = await request();
      expect(await kit.channel.receive(forged, kit.env())).toMatchObject({ status: 401, events: [] });
      expect(forged.bodyUsed).toBe(!atHeader);
    });

    it("answers 405 to what is no POST", async () => {
      const { url, headers } = await kit.request(kit.event());
      const got = await kit.channel.receive(new Request(url, { headers }), kit.env());
      expect(got).toMatchObject({ status: 405, events: [] });
    });

    it.each(kit.channel.needs)("lets nobody in while %s is not set, and names it", async (variable) => {
      const env = kit.env();
      const without = { ...env, vars: { ...env.vars, [variable]: undefined } };
      expect(kit.channel.problem(env.vars)).toBeUndefined();
      expect(kit.channel.problem(without.vars)).toContain(variable);
      const got = await kit.channel.receive(await kit.request(kit.event()), without);
      expect(got.status).toBeGreaterThanOrEqual(400);
      expect(got.events).toEqual([]);
    });

    it("lets nobody in while it is switched off", async () => {
      const env = kit.env();
      const vars = { ...env.vars, [`${kit.channel.name.toUpperCase()}_ENABLED`]: "false" };
      const got = await kit.channel.receive(await kit.request(kit.event()), { ...env, vars });
      expect(got).toMatchObject({ status: 401, events: [] });
    });

    it("answers 413 to a body above its cap, whatever length it claims", async () => {
      const huge = await kit.request("x".repeat(3 * 1024 * 1024));
      expect(await kit.channel.receive(huge, kit.env())).toMatchObject({ status: 413, events: [] });
    });

    it.each(["", "{not json", "null", "[]", '"text"', "\u0000"])("answers 400 to %j", async (body) => {
      const got = await kit.channel.receive(await kit.request(body), kit.env());
      expect(got).toMatchObject({ status: 400, events: [] });
    });

    it("takes a kind that it does not know, and makes nothing of it", async () => {
      const got = await kit.channel.receive(await kit.request(kit.unknownKind), kit.env());
      expect(got).toMatchObject({ status: 200, events: [] });
    });

    it("throws at no payload, whatever field is missing or odd", async () => {
      for (const odd of [undefined, null, 7, "", [], {}])
        for (const body of without(JSON.parse(kit.event()), odd)) {
          const got = await kit.channel.receive(await kit.request(JSON.stringify(body)), kit.env());
          expect([200, 400, 503]).toContain(got.status);
        }
    });

    it("gives the same event the same key, however often it comes", async () => {
      const body = kit.event();
      const keys = [];
      for (let i = 0; i < 3; i++)
        keys.push((await kit.channel.receive(await kit.request(body), kit.env())).events[0]?.key);
      expect(keys[0]).toMatch(/.+/);
      expect(new Set(keys).size).toBe(1);
    });
  });
}

/** The rules of what is heard and said, whichever way it comes and goes. */
export function speech(name: string, kit: Platform): void {
  describe(`${name}'s events`, () => {
    it("say who spoke by an id, where, and when", async () => {
      const [event] = await kit.read.plain();
      expect(event).toMatchObject({
        kind: "message",
        sender: { id: expect.stringMatching(/.+/), isBot: false },
      });
      expect(event!.address).toBe(`${kit.channel.name}:${event!.chat.id}`);
      expect(event!.sentAt).toBeGreaterThan(Date.UTC(2015));
      expect(event!.sentAt).toBeLessThan(Date.UTC(2100));
      expect(JSON.parse(JSON.stringify(event))).toMatchObject({ key: event!.key });
    });

    it("know a mention from its absence", async () => {
      expect(await kit.read.mention()).toMatchObject([{ mentioned: true }]);
      expect(await kit.read.plain()).toMatchObject([{ mentioned: false }]);
    });

    it("know a command", async () => {
      expect(await kit.read.command()).toMatchObject([
        { command: { name: expect.stringMatching(/^[a-z]+$/) } },
      ]);
      const [plain] = await kit.read.plain();
      expect(plain).not.toHaveProperty("command.name");
    });

    it("quote what they answer", async () => {
      const [event] = await kit.read.reply();
      expect(event).toMatchObject({ replyTo: { fromUs: true, text: expect.stringMatching(/.+/) } });
    });

    it.runIf(kit.edits)("name the message that an edit changes, and have a key of their own", async () => {
      const [before] = await kit.edits!.edited();
      const [edit] = await kit.edits!.edit();
      expect(edit).toMatchObject({ kind: "edit", messageId: (before as { messageId: string }).messageId });
      expect(edit!.key).not.toBe(before!.key);
    });

    it("know a reaction: whose, which sign, under which message", async () => {
      const [reaction] = await kit.reactions.one();
      expect(reaction).toMatchObject({
        kind: "reaction",
        address: `${kit.channel.name}:${reaction!.chat.id}`,
        messageId: expect.stringMatching(/.+/),
        sender: { id: expect.stringMatching(/.+/), isBot: false },
        emoji: expect.stringMatching(/.+/),
      });
      expect(reaction!.sentAt).toBeGreaterThan(Date.UTC(2015));
      const [again] = await kit.reactions.one();
      const [other] = await kit.reactions.other();
      expect(again!.key).toBe(reaction!.key);
      expect(other!.key).not.toBe(reaction!.key);
    });

    it("never take a bot for a person", async () => {
      for (const event of await kit.read.bot()) expect(event).toMatchObject({ sender: { isBot: true } });
    });

    it("never bring back what the assistant said itself", async () => {
      for (const event of await kit.read.own()) expect(event).toMatchObject({ fromUs: true });
    });

    it("name files without an address that holds a key", async () => {
      const [event] = await kit.read.file();
      const [file] = (event as { attachments: { ref: string }[] }).attachments;
      expect(file).toMatchObject({ ref: expect.stringMatching(/.+/), kind: expect.any(String) });
      for (const secret of kit.secrets) expect(file!.ref).not.toContain(secret);
    });
  });

  describe(`${name}'s sends`, () => {
    const sends = [message(), { type: "edit", to, messageId: "7", part, key: "k" } satisfies Send];

    it.each(sends)("end a $type well", async (send) => {
      const sent = await kit.channel.send(send, kit.answering.sent());
      expect(sent).toEqual({ outcome: "sent", messageId: expect.stringMatching(/.+/) });
    });

    it.each(sends)("have a $type wait as long as the platform asks", async (send) => {
      const sent = await kit.channel.send(send, kit.answering.rateLimited(17));
      expect(sent).toMatchObject({ outcome: "retry" });
      expect("afterMs" in sent && sent.afterMs).toBeGreaterThanOrEqual(17_000);
    });

    it("give up where the bot may not speak, with the platform's reason and no secret", async () => {
      const sent = await kit.channel.send(message(), kit.answering.forbidden());
      expect(sent).toMatchObject({ outcome: "failed" });
      for (const secret of kit.secrets) expect(JSON.stringify(sent)).not.toContain(secret);
    });

    it("call nothing sent that broke, and nothing failed that may have arrived", async () => {
      for (const env of [kit.answering.broken(), kit.answering.lost()]) {
        const sent = await kit.channel.send(message(), env);
        expect(["retry", "unknown"]).toContain(sent.outcome);
      }
    });

    describe("with a file", () => {
      const bytes = new TextEncoder().encode("day,tea\n1,3\n");
      const file = {
        name: "tea ü.csv",
        mime: "text/csv",
        size: bytes.length,
        key: "media/a/0",
        path: "/x",
        bytes,
      };
      const { caption } = kit.channel.limits.files;
      const send: Send = {
        ...(message() as Extract<Send, { type: "message" }>),
        part: caption > 0 ? part : { body: "", plain: "" },
        files: [file],
      };

      it("bring or name it", async () => {
        const asked: unknown[] = [];
        const sent = await kit.channel.send(send, kit.answering.sent(asked));
        expect(sent).toEqual({ outcome: "sent", messageId: expect.stringMatching(/.+/) });
        const found = (await Promise.all(asked.map((one) => kit.fileIn(one)))).filter(Boolean);
        expect(found).toMatchObject([{ name: file.name }]);
        if (!kit.channel.limits.files.byKey) expect(found[0]!.text).toBe("day,tea\n1,3\n");
      });

      it("end as they do without one, and tell no secret", async () => {
        const { rateLimited, forbidden, broken, lost } = kit.answering;
        expect(await kit.channel.send(send, rateLimited(17))).toMatchObject({ outcome: "retry" });
        const refused = await kit.channel.send(send, forbidden());
        expect(refused).toMatchObject({ outcome: "failed" });
        for (const secret of kit.secrets) expect(JSON.stringify(refused)).not.toContain(secret);
        for (const env of [broken(), lost()])
          expect(["retry", "unknown"]).toContain((await kit.channel.send(send, env)).outcome);
      });
    });

    it.runIf(kit.keyOf)("carry the platform's key: one for each saying, within its length", async () => {
      const asked: unknown[] = [];
      const env = kit.answering.sent(asked);
      const said = "01KAAAAAAAAAAAAAAAAAAAAAAA";
      for (const key of [said, said, `${said}:1`]) await kit.channel.send(message(key), env);
      const keys = asked.map((one) => kit.keyOf!(one));
      expect(keys[0]).toBe(keys[1]);
      expect(keys[2]).not.toBe(keys[0]);
      expect(String(keys[0]).length).toBeLessThanOrEqual(kit.channel.limits.sendKey!.maxLength);
    });

    it("fetch no file above the cap", async () => {
      const calls: unknown[] = [];
      const env = kit.answering.sent(calls);
      const huge = { kind: "file" as const, ref: "1/2/3", size: 5 * 1024 ** 3 };
      expect(await kit.channel.download(huge, env)).toEqual({
        ok: false,
        reason: expect.stringMatching(/MB/),
      });
      expect(calls).toEqual([]);
    });

    it("tell a file that may come later from one that will not", async () => {
      const { broken, lost, forbidden } = kit.answering;
      const ref = kit.channel.name === "feishu" ? "om_1/file/file_1" : "1/2/3";
      const download = (env: ChannelEnv) => kit.channel.download({ kind: "file", ref }, env);
      for (const env of [broken(), lost()])
        expect(await download(env)).toMatchObject({ ok: false, afterMs: expect.any(Number) });
      expect(await download(forbidden())).toEqual({ ok: false, reason: expect.any(String) });
    });
  });
}

/** What a platform that is asked by HTTP answers. */
function byRequests({ answers, env, keyOf, ...kit }: Kit): Platform {
  const outside = (answer: () => Response) => (asked?: unknown[]) => {
    const fetch = async (input: unknown, init?: RequestInit) => {
      asked?.push(init?.body);
      return answers.uploaded?.(String(input)) ?? answer();
    };
    return env({ fetch: fetch as typeof globalThis.fetch });
  };
  const { sent, forbidden, broken, rateLimited } = answers;
  const lost = () => {
    throw new TypeError("fetch failed");
  };
  return {
    ...kit,
    fileIn: async (body) => {
      const values = body instanceof FormData ? [...body.values()] : [];
      const file = values.find((value) => typeof value !== "string");
      return file && { name: file.name, text: await file.text() };
    },
    answering: {
      sent: outside(sent),
      forbidden: outside(forbidden),
      broken: outside(broken),
      lost: outside(lost),
      rateLimited: (seconds) => outside(() => rateLimited(seconds))(),
    },
    ...(keyOf ? { keyOf: (body: unknown) => keyOf(JSON.parse(String(body))) } : {}),
  };
}

/** The value with each of its fields in turn, at any depth, taken out or made odd. */
export function* without(value: unknown, odd: unknown): Generator<unknown> {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const copy = () => (Array.isArray(value) ? [...value] : { ...value });
    yield Object.assign(copy(), { [key]: odd });
    for (const changed of without(inner, odd)) yield Object.assign(copy(), { [key]: changed });
  }
}
