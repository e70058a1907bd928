import type { Channel, Limits } from "../channel.ts";
import { PICTURES } from "../files.ts";
import { PARTS, render, TEXT } from "./render.ts";
import { send } from "./send.ts";

export { shownFiles } from "./files.ts";
export { toHtml } from "./html.ts";
export { inboundFrom, MESSAGE_CAP, parseClientFrame } from "./receive.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

const limits: Limits = {
  text: TEXT,
  parts: PARTS,
  streaming: { direct: "drafts", group: "drafts" },
  editIntervalMs: 100,
  editsPerMessage: 1_000_000,
  perMinute: 1_000_000,
  // A page knows a message by its id, which is the key: showing it twice is showing it once.
  sendKey: { windowMs: 8 * DAY_MS, maxLength: 64 },
  typingMs: 30_000,
  files: {
    // The most that the workspace holds.
    bytes: 10 * 1024 * 1024,
    together: 10,
    mixed: true,
    caption: TEXT,
    pictures: { mimes: PICTURES, bytes: 10 * 1024 * 1024 },
    byKey: true,
  },
  buttons: true,
  prefix: false,
};

/** The console and the command line: one way to talk, two names. Messages come over a WebSocket, not a webhook. */
function console(name: "web" | "cli"): Channel {
  return {
    name,
    limits,
    needs: [],
    problem: () => undefined,
    receive: async () => ({ status: 404, body: "The console has no webhook.", events: [] }),
    render,
    send,
    download: async () => ({ ok: false, reason: "The console holds no files." }),
  };
}

export const web = console("web");
export const cli = console("cli");
