import { fromGateway } from "../../../channels/discord/gateway.ts";
import { discord } from "../../../channels/discord/index.ts";
import type { Kit } from "./contract.ts";
import {
  BOT,
  BOT_TOKEN,
  discordEnv,
  foreignKey,
  interaction,
  message,
  NOW,
  type Payload,
  payload,
  signed,
} from "./discord-payloads.ts";

const body = () => JSON.stringify(payload("ask"));
const tokenOf = (name: string): string => payload(name).token;

/** A request whose headers are other ones. */
function altered(change: (headers: Headers) => void): Request {
  const request = interaction();
  const headers = new Headers(request.headers);
  change(headers);
  return new Request(request.url, { method: "POST", headers, body: body() });
}

const mentionOfUs = { id: BOT, username: "flare", global_name: null, bot: true };
const gateway =
  (changes: Payload, t = "MESSAGE_CREATE") =>
  async () =>
    fromGateway({ t, d: message({ id: "334385199974967042", ...changes }) }, BOT).events;

const reaction = (name: string) => async () => {
  const user = { id: "55", username: "ann", global_name: "Ann" };
  const place = { channel_id: "290926798999357250", message_id: "334385199974967042", guild_id: "7" };
  const d = { user_id: user.id, ...place, member: { user }, emoji: { id: null, name } };
  const channels = new Map([[place.channel_id, { id: place.channel_id, type: 0 }]]);
  return fromGateway({ t: "MESSAGE_REACTION_ADD", d }, BOT, channels, NOW).events;
};

// The rate limits of one chat are remembered: each answer comes from a host of its own.
let hosts = 0;

export const discordKit: Kit = {
  channel: discord,
  env: (overrides = {}) => {
    const env = discordEnv(overrides);
    return { ...env, vars: { ...env.vars, DISCORD_API_ROOT: `https://api-${++hosts}.test/api` } };
  },
  secrets: [BOT_TOKEN, tokenOf("ask")],
  request: (text) => signed(text),
  forged: {
    "no headers": {
      atHeader: true,
      request: () => new Request("https://x.test/", { method: "POST", body: body() }),
    },
    "a missing timestamp": {
      atHeader: true,
      request: () => altered((h) => h.delete("x-signature-timestamp")),
    },
    "a signature that is no hex": {
      atHeader: true,
      request: () => altered((headers) => headers.set("x-signature-ed25519", "z".repeat(128))),
    },
    "a stale signature": { atHeader: true, request: () => signed(body(), { at: NOW - 20 * 60_000 }) },
    "a signature of the future": { atHeader: true, request: () => signed(body(), { at: NOW + 20 * 60_000 }) },
    "somebody else's signature": { atHeader: false, request: () => signed(body(), { key: foreignKey }) },
    "a true signature with another body": { atHeader: false, request: () => altered(() => {}) },
    "a true signature with another timestamp": {
      atHeader: false,
      request: () => altered((headers) => headers.set("x-signature-timestamp", String(NOW / 1000 + 1))),
    },
  },
  unknownKind: JSON.stringify(payload("ask", { type: 77 })),
  event: body,
  read: {
    plain: gateway({}),
    mention: gateway({ content: `what says <@${BOT}> ?`, mentions: [mentionOfUs] }),
    command: async () => {
      const data = { type: 1, name: "status" };
      return (await discord.receive(signed(JSON.stringify(payload("ask", { data }))), discordEnv())).events;
    },
    reply: gateway({
      type: 19,
      message_reference: { message_id: "334385199974967000" },
      referenced_message: message({ id: "334385199974967000", author: mentionOfUs, content: "Hot." }),
    }),
    bot: gateway({ author: { id: "77", username: "weather", bot: true } }),
    own: gateway({ author: mentionOfUs }),
    file: gateway({
      attachments: [
        {
          id: "9",
          filename: "rent.pdf",
          content_type: "application/pdf",
          size: 4,
          url: "https://cdn.discordapp.com/x?hm=1",
        },
      ],
    }),
  },
  edits: {
    edited: gateway({}),
    edit: gateway(
      { content: "Supa Cold", edited_timestamp: "2026-11-21T09:36:00.000000+00:00" },
      "MESSAGE_UPDATE",
    ),
  },
  reactions: { one: reaction("👍"), other: reaction("❤️") },
  answers: {
    sent: () => Response.json({ id: "99" }),
    rateLimited: (seconds) =>
      Response.json(
        { message: "You are being rate limited.", retry_after: seconds, global: false },
        { status: 429 },
      ),
    forbidden: () => Response.json({ code: 50013, message: "Missing Permissions" }, { status: 403 }),
    broken: () => new Response("<html>", { status: 502 }),
  },
  keyOf: ({ nonce, enforce_nonce }) => (enforce_nonce === true ? nonce : undefined),
};
