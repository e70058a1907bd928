import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { channels } from "../../channels/index.ts";
import { Group } from "../../durable-objects/group.ts";
import { room } from "./talk.ts";

/** Gives a Telegram update to an object that was made here. */
export type Give = (update: object) => Promise<void>;

/** Gives a Telegram update to a chat whose object is made with other variables, and waits until nothing is due there. */
export function roomWith(
  chat: number,
  vars: Record<string, unknown> | ((give: Give) => Record<string, unknown>),
  update: object,
): Promise<void> {
  return runInDurableObject(room(chat), async (_, state) => {
    const give: Give = async (one) => {
      for (const event of await eventsOf(one)) await group.receive(event);
    };
    const changed = typeof vars === "function" ? vars(give) : vars;
    const group: Group = new Group(state, { ...env, ...changed });
    await give(update);
    await expect.poll(async () => isSoon(await state.storage.getAlarm()), { timeout: 20_000 }).toBe(false);
  });
}

/** What waits for people waits for days. */
function isSoon(alarm: number | null): boolean {
  return alarm !== null && alarm < Date.now() + 24 * 3600_000;
}

async function eventsOf(update: object) {
  const { TELEGRAM_WEBHOOK_SECRET: secret } = env as unknown as Record<string, string>;
  const request = new Request("http://flare.test/webhook/telegram", {
    method: "POST",
    headers: { "content-type": "application/json", "x-telegram-bot-api-secret-token": secret! },
    body: JSON.stringify(update),
  });
  const vars = env as unknown as Record<string, string>;
  const received = await channels.telegram!.receive(request, {
    vars,
    fetch: (...call) => fetch(...call),
    fetchNamed: fetch,
    now: Date.now,
  });
  return received.events;
}
