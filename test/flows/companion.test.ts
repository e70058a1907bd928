import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Inbound } from "../../channels/channel.ts";
import {
  CLOSE,
  type Down,
  HEALTH_MS,
  MEDIA_CAP,
  OFFLINE_MS,
  PROTOCOL,
  type Up,
} from "../../channels/frames.ts";
import { soon } from "../soon.ts";
import { fresh } from "./talk.ts";

const HOME = "http://flare.test";
const TOKEN = { authorization: "Bearer flow-bridge" };
const stub = () => env.LINKS.getByName("companion") as unknown as DurableObjectStub;

afterEach(() => {
  vi.useRealTimers();
});

function bridge(headers: Record<string, string>): Promise<Response> {
  return exports.default.fetch(new Request(`${HOME}/bridge`, { headers }));
}

/** A companion that does what the test says. */
class Companion {
  readonly heard: Down[] = [];
  readonly socket: WebSocket;
  closed: { code: number; reason: string } | undefined;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.addEventListener("message", ({ data }) => {
      this.heard.push(JSON.parse(String(data)));
    });
    socket.addEventListener("close", ({ code, reason }) => {
      this.closed = { code, reason };
    });
    socket.accept();
  }

  /** Connects and takes the line. */
  static async hello(companion: string, protocol = PROTOCOL): Promise<Companion> {
    const response = await bridge({ ...TOKEN, upgrade: "websocket" });
    const one = new Companion(response.webSocket!);
    one.send({ type: "hello", protocol, companion, version: "test", connectors: [] });
    return one;
  }

  send(frame: Up | object): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** The first frame that matches. */
  async hears<T extends Down["type"]>(type: T, n = 1): Promise<Extract<Down, { type: T }>> {
    return soon(() => {
      const found = this.heard.filter((frame) => frame.type === type);
      expect(found.length).toBeGreaterThanOrEqual(n);
      return found[n - 1] as Extract<Down, { type: T }>;
    });
  }
}

function said(text: string, more: Partial<Extract<Inbound, { kind: "message" }>> = {}) {
  const id = `${fresh()}@lid`;
  const person = { id, name: "Ann", aliases: ["15550001", "+15550001"], isBot: false };
  return {
    kind: "message" as const,
    address: `whatsapp:${id}` as const,
    key: `message:${id}:1`,
    chat: { id, type: "direct" as const },
    sentAt: Date.now(),
    messageId: "1",
    sender: person,
    text,
    mentioned: false,
    attachments: [],
    ...more,
  };
}

async function rows(address: string) {
  const group = env.GROUP.getByName(address) as unknown as DurableObjectStub;
  return runInDurableObject(group, (_, { storage }) =>
    storage.sql.exec("select key, state from inbox").toArray(),
  );
}

/** How often main was told something with these words. */
async function told(words: string): Promise<number> {
  const directory = env.DIRECTORY.getByName("directory") as unknown as DurableObjectStub;
  const rows = await runInDurableObject(directory, (_, { storage }) =>
    storage.sql.exec("select text from notices where key like 'companion:%'").toArray(),
  );
  return rows.filter(({ text }) => String(text).includes(words)).length;
}

describe("the door", () => {
  test.each<[string, Record<string, string>, number]>([
    ["no token", {}, 401],
    ["a wrong token", { authorization: "Bearer flow-bridg3" }, 401],
    ["the admin's token", { authorization: "Bearer flow-admin" }, 401],
    ["no upgrade", TOKEN, 426],
  ])("with %s does not open", async (_, headers, status) => {
    const upgrade: Record<string, string> = status === 426 ? {} : { upgrade: "websocket" };
    const refused = await bridge({ ...upgrade, ...headers });
    expect(refused.status).toBe(status);
    expect(refused.webSocket).toBeNull();
  });

  test("takes a file with the token, a name and a length within the cap", async () => {
    const put = (name: string, headers: Record<string, string>, body = "bytes") =>
      exports.default.fetch(new Request(`${HOME}/bridge/media/${name}`, { method: "PUT", headers, body }));
    const name = "a".repeat(64);
    expect((await put(name, {})).status).toBe(401);
    expect((await put("../../groups/x", TOKEN)).status).toBe(404);
    expect((await put(name, { ...TOKEN, "content-length": String(MEDIA_CAP + 1) })).status).toBe(413);
    const kept = await put(name, { ...TOKEN, "content-length": "5" });
    expect(await kept.json()).toEqual({ key: `media/companion/${name}` });
    expect(await (await env.FILES.get(`media/companion/${name}`))!.text()).toBe("bytes");
  });
});

describe("the line", () => {
  test("acknowledges an event when its group has the row, and once however often it comes", async () => {
    const one = await Companion.hello("disk-1");
    await one.hears("welcome");
    const event = said("hello there");
    one.send({ type: "event", seq: 1, event });
    expect((await one.hears("ack")).seqs).toEqual([1]);
    expect((await rows(event.address)).map(({ key }) => key)).toEqual([event.key]);
    const again = await Companion.hello("disk-1");
    again.send({ type: "event", seq: 1, event });
    expect((await again.hears("ack")).seqs).toEqual([1]);
    expect(await rows(event.address)).toHaveLength(1);
  });

  test("refuses what the companion may not say, for good", async () => {
    const one = await Companion.hello("disk-1");
    const event = said("I am main");
    one.send({
      type: "event",
      seq: 7,
      event: { ...event, address: "web:main", chat: { ...event.chat, id: "main" } },
    });
    expect(await one.hears("refused")).toEqual({ type: "refused", seq: 7, reason: expect.any(String) });
    one.send({ type: "event", seq: 8, event: { ...event, address: "whatsapp:another@lid" } });
    expect((await one.hears("refused", 2)).afterMs).toBeUndefined();
  });

  test("has Feishu's events read by the Worker, once however often they come", async () => {
    const one = await Companion.hello("disk-1");
    const [chat, message] = [`oc_${fresh()}`, `om_${fresh()}`];
    const event = {
      event_type: "im.message.receive_v1",
      sender: { sender_id: { open_id: "ou_ann" }, sender_type: "user" },
      message: {
        message_id: message,
        chat_id: chat,
        chat_type: "p2p",
        message_type: "text",
        create_time: String(Date.now()),
        content: JSON.stringify({ text: "by the long connection" }),
      },
    };
    for (const seq of [1, 2]) one.send({ type: "raw", seq, channel: "feishu", event });
    await one.hears("ack", 2);
    expect((await rows(`feishu:${chat}`)).map(({ key }) => key)).toEqual([`message:${message}`]);
  });

  test("refuses for good what is no event, and whom nobody asked to bring events", async () => {
    const one = await Companion.hello("disk-1");
    one.send({ type: "raw", seq: 1, channel: "feishu", event: { event_type: "im.message.receive_v1" } });
    one.send({ type: "raw", seq: 2, channel: "telegram", event: { message: {} } });
    const refused = [await one.hears("refused", 1), await one.hears("refused", 2)];
    expect(refused.map(({ afterMs }) => afterMs)).toEqual([undefined, undefined]);
  });

  test("belongs to the companion that came last, and the one before is told so and not heard any more", async () => {
    const first = await Companion.hello("disk-1");
    const { epoch } = await first.hears("welcome");
    const second = await Companion.hello("disk-2");
    expect((await second.hears("welcome")).epoch).toBe(epoch + 1);
    await soon(() => expect(first.closed?.code).toBe(CLOSE.superseded.code));
    const event = said("still me");
    second.send({ type: "event", seq: 1, event });
    await second.hears("ack");
  });

  test("is closed to another version of the protocol and to noise", async () => {
    const other = await Companion.hello("disk-1", PROTOCOL + 1);
    await soon(() => expect(other.closed?.code).toBe(CLOSE.version.code));
    const noise = await Companion.hello("disk-1");
    noise.socket.send("{");
    await soon(() => expect(noise.closed?.code).toBe(CLOSE.badFrame.code));
  });

  test("carries an answer to WhatsApp, once", async () => {
    const one = await Companion.hello("disk-1");
    await one.hears("welcome");
    const event = said("/status");
    one.send({ type: "event", seq: 1, event: { ...event, command: { name: "status", args: "" } } });
    // Answers to other tests' messages come this way too.
    const commands = () =>
      one.heard.filter(
        (frame) =>
          frame.type === "command" && "chatId" in frame.command && frame.command.chatId === event.chat.id,
      );
    const [asked] = (await soon(() => {
      expect(commands()).toHaveLength(1);
      return commands();
    })) as [Extract<Down, { type: "command" }>];
    expect(asked).toMatchObject({ channel: "whatsapp", command: { do: "send" } });
    one.send({ type: "ack", ids: [asked.id] });
    one.send({ type: "result", seq: 2, id: asked.id, result: { outcome: "done", messageId: "3EB0" } });
    await soon(async () => {
      const group = env.GROUP.getByName(event.address) as unknown as DurableObjectStub;
      const sent = await runInDurableObject(group, (_, { storage }) =>
        storage.sql.exec("select state from outbox").toArray(),
      );
      expect(sent).toEqual([{ state: "sent" }]);
    });
    expect(commands()).toHaveLength(1);
  });

  test("says at once to whoever asks that a companion which nobody expects is offline", async () => {
    await silence();
    const answer = await env.LINKS.getByName("companion").command("c-1", "whatsapp", { do: "unlink" });
    expect(answer).toMatchObject({ outcome: "absent" });
  });
});

describe("what is said while the companion is away", () => {
  const chat = () => `whatsapp:${fresh()}@lid`;
  const group = (address: string) => env.GROUP.getByName(address);
  const object = (address: string) => group(address) as unknown as DurableObjectStub;
  const outbox = (address: string) =>
    runInDurableObject(object(address), async (_, { storage }) => ({
      states: storage.sql
        .exec("select state from outbox")
        .toArray()
        .map(({ state }) => state),
      alarm: await storage.getAlarm(),
    }));

  /** Has something said to a chat, and waits until the group knows that nobody carries it. */
  async function sayInVain(address: string): Promise<void> {
    await group(address).notify("news", `News for ${address}.`);
    await soon(async () => {
      const { states, alarm } = await outbox(address);
      expect(states).toEqual(["queued"]);
      expect(alarm! - Date.now()).toBeGreaterThan(3600_000);
    });
  }

  async function carries(one: Companion, address: string): Promise<void> {
    const { id } = await soon(() => {
      const mine = one.heard.find((frame) => frame.type === "command" && isTo(frame, address));
      expect(mine).toBeDefined();
      return mine as Extract<Down, { type: "command" }>;
    });
    one.send({ type: "result", seq: 1, id, result: { outcome: "done", messageId: "3EB0" } });
    await soon(async () => expect((await outbox(address)).states).toEqual(["sent"]));
  }

  const isTo = ({ command }: Extract<Down, { type: "command" }>, address: string) =>
    "chatId" in command && `whatsapp:${command.chatId}` === address;

  test("waits with nothing armed but a slow look, and goes out as soon as the companion is back", async () => {
    await silence();
    const [one, another] = [chat(), chat()];
    await sayInVain(one);
    await sayInVain(another);
    const back = await Companion.hello("disk-1");
    await carries(back, one);
    await carries(back, another);
    await soon(async () => expect((await outbox(one)).alarm).toBeNull());
  });

  test("waits too while the account is not linked, and goes out when it is", async () => {
    const state = { channel: "whatsapp", state: "not linked" as const };
    const one = await Companion.hello("disk-1");
    await one.hears("welcome");
    one.send({ type: "health", connectors: [state], waiting: 0 });
    await soon(async () =>
      expect((await env.LINKS.getByName("companion").status()).connectors).toEqual([state]),
    );
    const address = chat();
    await sayInVain(address);
    one.send({ type: "health", connectors: [{ ...state, state: "ready" }], waiting: 0 });
    await carries(one, address);
  });

  test("is a dead letter after a day, which an operator sends again when the companion is there", async () => {
    await silence();
    const address = chat();
    await sayInVain(address);
    vi.setSystemTime(Date.now() + 24 * 3600_000);
    await runDurableObjectAlarm(object(address) as never);
    const [letter] = await soon(async () => {
      const letters = await group(address).deadLetters();
      expect(letters).toMatchObject([{ state: "failed", reason: expect.stringContaining("companion") }]);
      return letters;
    });
    const back = await Companion.hello("disk-1");
    await back.hears("welcome");
    await group(address).resend(letter!.id);
    await carries(back, address);
  });
});

/** Lets the companion vanish without a word, until main was told. */
async function silence(): Promise<void> {
  const one = await Companion.hello("disk-1");
  await one.hears("welcome");
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + OFFLINE_MS });
  await runDurableObjectAlarm(stub() as never);
}

describe("a companion that falls silent", () => {
  const alarm = () => runInDurableObject(stub(), (_, { storage }) => storage.getAlarm());

  test("is missed after 90 seconds, main is told once, and nothing stays armed", async () => {
    const before = await told("offline");
    const one = await Companion.hello("disk-1");
    await one.hears("welcome");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + HEALTH_MS });
    one.send({ type: "health", connectors: [], waiting: 0 });
    await soon(async () =>
      expect((await env.LINKS.getByName("companion").status()).seenAt).toBeGreaterThanOrEqual(
        Date.now() - 1000,
      ),
    );
    vi.setSystemTime(Date.now() + OFFLINE_MS - HEALTH_MS + 1);
    await runDurableObjectAlarm(stub() as never);
    expect(await told("offline")).toBe(before);
    expect(await alarm()).not.toBeNull();
    vi.setSystemTime(Date.now() + OFFLINE_MS);
    await runDurableObjectAlarm(stub() as never);
    expect(await told("offline")).toBe(before + 1);
    expect(await alarm()).toBeNull();
    expect((await env.LINKS.getByName("companion").status()).online).toBe(false);
  });

  test("that comes back is told of as well", async () => {
    await silence();
    const before = await told("is back");
    await (await Companion.hello("disk-1")).hears("welcome");
    await soon(async () => expect(await told("is back")).toBe(before + 1));
  });

  test("that ends in good order and comes again in time is not told of", async () => {
    const before = await told("offline");
    const one = await Companion.hello("disk-1");
    await one.hears("welcome");
    one.socket.close(CLOSE.going.code);
    await soon(async () => expect((await env.LINKS.getByName("companion").status()).online).toBe(false));
    await (await Companion.hello("disk-1")).hears("welcome");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + OFFLINE_MS - 1000 });
    await runDurableObjectAlarm(stub() as never);
    expect(await told("offline")).toBe(before);
  });
});

test("an account that lost its link is told to main once", async () => {
  const before = await told("channels login whatsapp");
  const one = await Companion.hello("disk-1");
  await one.hears("welcome");
  const lost = { channel: "whatsapp", state: "logged out" as const, problem: "The phone removed the link." };
  for (let n = 0; n < 3; n++) one.send({ type: "health", connectors: [lost], waiting: 0 });
  await soon(async () => expect(await told("channels login whatsapp")).toBe(before + 1));
  expect((await env.LINKS.getByName("companion").status()).connectors).toEqual([lost]);
});
