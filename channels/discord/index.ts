import type { Channel, ChannelEnv, Limits } from "../channel.ts";
import { isEnabled } from "../enabled.ts";
import { download } from "./download.ts";
import { NONCE } from "./nonce.ts";
import { KEY, NEEDS, receive } from "./receive.ts";
import { PARTS, render, TEXT } from "./render.ts";
import { send } from "./send.ts";
import { probe, setup } from "./setup.ts";

export { type Channels, type FromGateway, fromGateway, type GatewayEvent, learn } from "./gateway.ts";

const limits: Limits = {
  text: TEXT,
  parts: PARTS,
  streaming: { direct: "edits", group: "edits" },
  // Discord states no number; its answers tell when it is enough. A channel takes about five calls in five seconds.
  editIntervalMs: 2000,
  editsPerMessage: 250,
  perMinute: 50,
  // 50 requests a second in all, edits and typing among them: https://discord.com/developers/docs/topics/rate-limits
  fanOutPerSecond: 20,
  // "checked for uniqueness in the past few minutes": https://discord.com/developers/docs/resources/message
  sendKey: { windowMs: 2 * 60_000, maxLength: NONCE },
  // The typing sign goes out after 10 seconds: https://discord.com/developers/docs/resources/channel
  typingMs: 9000,
  seen: true,
  files: {
    // https://discord.com/developers/docs/reference#uploading-files
    bytes: 10 * 1024 * 1024,
    together: 10,
    mixed: true,
    caption: TEXT,
    // Discord itself shows what is a picture.
    pictures: { mimes: [], bytes: 0 },
  },
  buttons: true,
  prefix: false,
};

/**
 * Discord: slash commands and buttons by the interactions endpoint, other messages by the Gateway that the companion
 * holds (`fromGateway`). Variables: those of `needs`, and `DISCORD_API_ROOT`.
 */
export const discord: Channel = {
  name: "discord",
  limits,
  needs: NEEDS,
  problem,
  receive,
  render,
  send,
  download,
  setup,
  probe,
};

const PAGE = "the application's page at discord.com/developers/applications";

function problem(vars: ChannelEnv["vars"]): string | undefined {
  if (!isEnabled("discord", vars)) return "DISCORD_ENABLED says no; remove it to use Discord.";
  if (!vars.DISCORD_BOT_TOKEN) return `DISCORD_BOT_TOKEN is not set; it stands under "Bot" on ${PAGE}.`;
  if (!vars.DISCORD_APPLICATION_ID) return `DISCORD_APPLICATION_ID is not set; it stands on ${PAGE}.`;
  if (!/^\d{1,20}$/.test(vars.DISCORD_APPLICATION_ID))
    return "DISCORD_APPLICATION_ID is not an id; it has digits only.";
  if (!vars.DISCORD_PUBLIC_KEY) return `DISCORD_PUBLIC_KEY is not set; it stands on ${PAGE}.`;
  if (!KEY.test(vars.DISCORD_PUBLIC_KEY))
    return "DISCORD_PUBLIC_KEY is not a public key; it has 64 hexadecimal digits.";
  const root = vars.DISCORD_API_ROOT;
  return root && !URL.canParse(root) ? "DISCORD_API_ROOT is not an address; write https://…/api." : undefined;
}
