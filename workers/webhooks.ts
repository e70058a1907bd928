import type { ChannelEnv, Received } from "../channels/channel.ts";
import { isEnabled } from "../channels/enabled.ts";
import { channels } from "../channels/index.ts";
import { now } from "../durable-objects/clock.ts";
import type { Config } from "../durable-objects/config.ts";
import { companionOf } from "../durable-objects/links/companion.ts";
import { fetchNamed } from "../durable-objects/outbound.ts";
import type { Receipt } from "../durable-objects/rpc.ts";
import { store } from "../durable-objects/store.ts";

/**
 * One webhook request of a platform: verified and read by its channel, then stored in its group. The platform's answer
 * goes out after the last event is stored.
 */
export async function webhook(name: string, request: Request, env: Env, config: Config): Promise<Response> {
  const channel = Object.hasOwn(channels, name) ? channels[name] : undefined;
  if (!channel) return said(404, `There is no channel "${name.slice(0, 40)}".`);
  if (!isEnabled(name, config.vars))
    return said(404, `${name} is switched off (${name.toUpperCase()}_ENABLED).`);
  const received = await channel.receive(request, outside(config, env));
  const receipts: Receipt[] = [];
  for (const event of received.events) {
    // The store logged why.
    const receipt = await store(env, event).catch(() => undefined);
    if (!receipt) return said(503, "The message could not be stored; deliver it again.");
    receipts.push(receipt);
  }
  return answer(received, receipts);
}

/** What the platform gets: its own answer, or the one for events to which nobody is going to say anything. */
function answer({ status, body, json, unanswered }: Received, receipts: Receipt[]): Response {
  const quiet = receipts.length > 0 && receipts.every((receipt) => receipt.quiet);
  if (quiet && unanswered !== undefined) return Response.json(unanswered, { status });
  return json === undefined ? new Response(body ?? null, { status }) : Response.json(json, { status });
}

/** What a channel may use of the outside. */
export function outside(config: Config, env: Env): ChannelEnv {
  return {
    vars: config.vars,
    fetch: (input, init) => fetch(input, init),
    fetchNamed: fetchNamed(config),
    now,
    companion: companionOf(env),
  };
}

function said(status: number, text: string): Response {
  return new Response(`${text}\n`, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
}
