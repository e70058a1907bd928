import * as z from "zod";
import type { ChannelEnv, Install, Report } from "../channel.ts";
import { heldBy } from "../held.ts";
import { call } from "./api.ts";
import { isLong } from "./problem.ts";

/** Feishu has no call for the address and the events: the report says what to enter, and what Feishu knows of us. */
export async function setup({ url }: Install, env: ChannelEnv): Promise<Report> {
  const known = await probe(env);
  if (isLong(env.vars)) return { ok: known.ok, said: [...known.said, BY_COMPANION] };
  const enter = url.startsWith("https:")
    ? `Enter ${url}/webhook/feishu in the developer console (Events & Callbacks, Event Configuration), and add the events im.message.receive_v1 and, for reactions, im.message.reaction.created_v1.`
    : `Feishu only calls public addresses, not ${url}. Name one with --public-url.`;
  return { ok: known.ok && url.startsWith("https:"), said: [...known.said, enter] };
}

const BY_COMPANION =
  "Start the companion (npm run companion), then choose the persistent connection in the developer console (Events & Callbacks, Event Configuration), and add the event im.message.receive_v1.";

const info = z.object({
  bot: z.object({ app_name: z.string().catch("?"), activate_status: z.number().optional() }),
});

/** Asks who we are. https://open.feishu.cn/document/client-docs/bot-v3/obtain-bot-info */
export async function probe(env: ChannelEnv): Promise<Report> {
  try {
    const answer = await call(env, { method: "GET", path: "/bot/v3/info", timeoutMs: 10_000 });
    if (!answer.ok) return no(`${answer.reason}. Check FEISHU_APP_ID, FEISHU_APP_SECRET and FEISHU_DOMAIN.`);
    const { app_name, activate_status: state = ACTIVE } = info.parse(answer.data).bot;
    if (state === ACTIVE) return carried(env, `Feishu knows this bot as ${app_name}.`);
    return no(
      `Feishu knows this bot as ${app_name}, and it is not switched on: release a version of the app.`,
    );
  } catch {
    return no("Feishu could not be reached.");
  }
}

/** With the long connection the companion has to hold it, too. */
async function carried(env: ChannelEnv, known: string): Promise<Report> {
  if (!isLong(env.vars) || !env.companion) return { ok: true, said: [known] };
  const { ok, said } = (await heldBy(env.companion, "feishu")) ?? no(ABSENT);
  return { ok, said: [known, ...said] };
}

const ABSENT = "The companion is offline, or was started without FEISHU_LONG_CONNECTION.";

/** 0 before the start, 1 switched off by the tenant, 2 in use. */
const ACTIVE = 2;

function no(said: string): Report {
  return { ok: false, said: [said] };
}
