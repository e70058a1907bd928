import * as z from "zod";
import type { ChannelEnv } from "../channel.ts";
import { call } from "./api.ts";

/** Feishu has no typing sign for bots; this one stands under the message that is being answered. */
const WORKING = "Typing";

const reactions = z.object({
  data: z.object({
    items: z
      .array(z.object({ reaction_id: z.string(), operator: z.object({ operator_type: z.string() }) }))
      .catch([]),
  }),
});

/** Puts the sign under a message. https://open.feishu.cn/document/server-docs/im-v1/message-reaction/create */
export async function showWork(messageId: string | undefined, env: ChannelEnv): Promise<void> {
  if (!messageId) return;
  const body = { reaction_type: { emoji_type: WORKING } };
  await call(env, { method: "POST", path: reactionsOf(messageId), body });
}

/** Takes the sign away, also one that an earlier run of us left there. */
export async function stopWork(messageId: string | undefined, env: ChannelEnv): Promise<void> {
  if (!messageId) return;
  const path = `${reactionsOf(messageId)}?reaction_type=${WORKING}&page_size=50`;
  const answer = await call(env, { method: "GET", path });
  const found = answer.ok ? reactions.safeParse(answer.data) : undefined;
  const apps = found?.data?.data.items.filter(({ operator }) => operator.operator_type === "app") ?? [];
  // Another bot's sign is not ours to take away; Feishu refuses that.
  for (const { reaction_id } of apps)
    await call(env, {
      method: "DELETE",
      path: `${reactionsOf(messageId)}/${encodeURIComponent(reaction_id)}`,
    });
}

function reactionsOf(messageId: string): string {
  return `/im/v1/messages/${encodeURIComponent(messageId)}/reactions`;
}
