import type { Channel } from "./channel.ts";
import { discord } from "./discord/index.ts";
import { feishu } from "./feishu/index.ts";
import { telegram } from "./telegram/index.ts";
import { cli, web } from "./web/index.ts";
import { whatsapp } from "./whatsapp/index.ts";

/** Every channel by its name, which is the first part of an address. */
export const channels: Record<string, Channel> = { telegram, discord, feishu, whatsapp, web, cli };
