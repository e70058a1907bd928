import type { ChannelEnv, Inbound } from "../../../channels/channel.ts";
import { feishu } from "../../../channels/feishu/index.ts";
import type { Kit } from "./contract.ts";
import { BOT, delivered, encrypt, NOW, payload, post, secrets, signed } from "./feishu.ts";

const ok = (more: object) => Response.json({ code: 0, msg: "success", ...more });
const refused = (status: number, code: number, headers = {}) =>
  Response.json({ code, msg: "refused" }, { status, headers });

const granted = { tenant_access_token: "t-of-the-kit", expire: 7200 };
const quoted = {
  msg_type: "text",
  body: { content: '{"text":"Dinner is at seven."}' },
  chat_id: "oc_5ce6d572455d361153b7xx51da133945",
  sender: { id: secrets.FEISHU_APP_ID, id_type: "app_id", sender_type: "app" },
};

/** A platform that knows the bot and what is quoted, and nobody's name. */
async function platform(input: RequestInfo | URL): Promise<Response> {
  const path = new URL(String(input)).pathname;
  if (path.includes("/im/v1/messages/")) return ok({ data: { items: [quoted] } });
  return path.endsWith("/bot/v3/info") ? ok({ bot: { open_id: BOT } }) : refused(400, 99991672);
}

/** The token is the kit's: what a test answers is an answer to the call itself. */
function env({ fetch = platform as typeof globalThis.fetch, ...more }: Partial<ChannelEnv> = {}): ChannelEnv {
  const asked = async (input: RequestInfo | URL, init?: RequestInit) =>
    String(input).includes("/auth/") ? ok(granted) : fetch(input, init);
  const vars = { ...secrets, FEISHU_API_ROOT: "https://feishu-kit.test" };
  return { vars, fetch: asked as typeof globalThis.fetch, fetchNamed: asked, now: () => NOW, ...more };
}

const body = () => JSON.stringify(payload("private-text"));

/** As the platform does it: its token in the header, all of it encrypted, and the bytes signed. */
function request(text: string): Request {
  const event = parsed(text);
  if (typeof event !== "object" || event === null || Array.isArray(event)) return post(text);
  const { header } = event as { header?: unknown };
  if (typeof header === "object" && header !== null)
    Object.assign(header, { token: secrets.FEISHU_VERIFICATION_TOKEN });
  return delivered(event);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const read = (name: string) => async (): Promise<Inbound[]> =>
  (await feishu.receive(delivered(payload(name)), env())).events;

const reaction = (emoji_type: string) => async (): Promise<Inbound[]> => {
  const event = payload("reaction");
  event.event.reaction_type = { emoji_type };
  return (await feishu.receive(delivered(event), env())).events;
};

const event = () => JSON.stringify(encrypt(payload("private-text")));
const forged = (headers: (body: string) => Record<string, string>) => () => {
  const text = event();
  return post(text, headers(text));
};
const hours = (count: number) => NOW / 1000 + count * 3600;

export const feishuKit: Kit = {
  channel: feishu,
  env,
  secrets: [...Object.values(secrets).filter((one) => one !== secrets.FEISHU_APP_ID), "t-of-the-kit"],
  request,
  forged: {
    "no signature": { atHeader: false, request: forged(() => ({})) },
    "a wrong signature": { atHeader: false, request: forged((text) => signed(text, "another key")) },
    "a signature of another body": { atHeader: false, request: forged((text) => signed(`${text} `)) },
    "an old signature": { atHeader: true, request: forged((text) => signed(text, undefined, hours(-1))) },
    "one of the future": { atHeader: true, request: forged((text) => signed(text, undefined, hours(1))) },
  },
  unknownKind: JSON.stringify(payload("bot-added")),
  event: body,
  read: {
    plain: read("private-text"),
    mention: read("group-mention"),
    command: read("command-private"),
    reply: read("reply"),
    bot: read("other-bot"),
    own: read("own-echo"),
    file: read("file"),
  },
  reactions: { one: reaction("THUMBSUP"), other: reaction("SMILE") },
  answers: {
    uploaded: (path) => {
      const kind = /\/im\/v1\/(image|file)s$/.exec(path)?.[1];
      return kind ? ok({ data: { [`${kind}_key`]: "key_1" } }) : undefined;
    },
    sent: () => ok({ data: { message_id: "om_new" } }),
    rateLimited: (seconds) => refused(429, 99991400, { "x-ogw-ratelimit-reset": String(seconds) }),
    forbidden: () => refused(400, 230002),
    broken: () => new Response("<html>", { status: 502 }),
  },
  keyOf: (sent) => sent.uuid,
};
