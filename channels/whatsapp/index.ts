import type { Channel, Limits } from "../channel.ts";
import { isEnabled } from "../enabled.ts";
import { download } from "./download.ts";
import { FILES } from "./limits.ts";
import { probe } from "./probe.ts";
import { PARTS, render, TEXT } from "./render.ts";
import { send } from "./send.ts";

const DAY_MS = 24 * 3600_000;

const limits: Limits = {
  text: TEXT,
  parts: PARTS,
  streaming: { direct: "none", group: "none" },
  editIntervalMs: 5000,
  editsPerMessage: 10,
  // WhatsApp names no number; linked devices that send faster than a person are restricted.
  perMinute: 20,
  fanOutPerSecond: 5,
  // The message's id is made of the key: see docs/decisions/0005-the-companions-line.md.
  sendKey: { windowMs: DAY_MS, maxLength: 64 },
  // The sign goes away after about 25 seconds.
  typingMs: 10_000,
  seen: true,
  files: FILES,
  prefix: true,
};

/** WhatsApp, through the companion. Variables: `BRIDGE_TOKEN`, `WHATSAPP_ENABLED`. */
export const whatsapp: Channel = {
  name: "whatsapp",
  carried: true,
  limits,
  problem,
  needs: ["BRIDGE_TOKEN"],
  receive: async () => ({ status: 404, body: "WhatsApp comes through the companion.", events: [] }),
  render,
  send,
  download,
  probe,
};

function problem(vars: Readonly<Record<string, string | undefined>>): string | undefined {
  if (!isEnabled("whatsapp", vars)) return "WHATSAPP_ENABLED says no; remove it to use WhatsApp.";
  if (!vars.BRIDGE_TOKEN)
    return "BRIDGE_TOKEN is not set; choose a long random one for Worker and companion.";
  return undefined;
}
