// What the Worker loads when it is first asked for: here a request that loads a module keeps others waiting for it, and
// one that is cut leaves them hanging.
import "../../agent/mcp/client.ts";
import "../../agent/pdf/text.ts";
import "../../agent/web/page.ts";
import "../../workers/mcp-peer.ts";
import { env, exports } from "cloudflare:workers";
import { inject } from "vitest";
import { Peers } from "./peers-client.ts";

export const peers = new Peers(inject("peers"));

let serial = 0;
const run = Math.floor(Math.random() * 1e6) * 1000;

/** A number that no other test of this run uses. */
export function fresh(): number {
  return run + ++serial;
}

export interface Update {
  update_id: number;
  message: Record<string, unknown> & { message_id: number; text?: string };
}

/** What Telegram would send for a text in a direct chat. */
export function direct(chat: number, text: string, more: Record<string, unknown> = {}): Update {
  const from = { id: 1001, is_bot: false, first_name: "Ann" };
  const message = {
    message_id: fresh(),
    date: Math.floor(Date.now() / 1000),
    chat: { id: chat, type: "private", first_name: "Ann" },
    from,
    text,
    ...more,
  };
  return { update_id: fresh(), message };
}

/** The same in a group. */
export function inGroup(chat: number, text: string, more: Record<string, unknown> = {}): Update {
  return direct(chat, text, { chat: { id: chat, type: "supergroup", title: `Group ${chat}` }, ...more });
}

/** Delivers an update to the webhook, as Telegram does. */
export function deliver(update: object, secret = "flow-secret"): Promise<Response> {
  return exports.default.fetch(
    new Request("http://flare.test/webhook/telegram", {
      method: "POST",
      headers: { "content-type": "application/json", "x-telegram-bot-api-secret-token": secret },
      body: JSON.stringify(update),
    }),
  );
}

/** The object of a Telegram chat. */
export function room(chat: number) {
  return env.GROUP.getByName(`telegram:${chat}`);
}

/** Registers a chat as a group, as main does. */
export async function register(chat: number, text = "@Flare hello"): Promise<void> {
  await deliver(inGroup(chat, text));
  await env.DIRECTORY.getByName("directory").register(`telegram:${chat}`);
}
