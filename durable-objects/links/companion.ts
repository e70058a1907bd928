import type { Address } from "../../channels/channel.ts";
import type { Answer, Companion } from "../../channels/frames.ts";
import { messageOf } from "../log.ts";
import { LINE } from "./rpc.ts";

/** The companion, as a group's channel uses it. `asker`: the group, which is told when an absent companion is back. */
export function companionOf(env: Env, asker?: Address): Companion {
  const line = () => env.LINKS.getByName(LINE);
  return {
    async command(id, channel, command): Promise<Answer> {
      try {
        return await line().command(id, channel, command, asker);
      } catch (error) {
        // The row may be there and the answer on its way: the same id asks for it again.
        return { outcome: "unknown", reason: `The line broke: ${messageOf(error)}` };
      }
    },
    async hint(channel, hint) {
      await line()
        .hint(channel, hint)
        .catch(() => undefined);
    },
    async state(channel) {
      const { connectors } = await line().status();
      return connectors.find((connector) => connector.channel === channel);
    },
    take: (media) => take(env, media),
  };
}

async function take(env: Env, media: string) {
  const stored = await env.FILES.get(media);
  if (!stored) return undefined;
  const file = await stored.blob();
  await env.FILES.delete(media);
  return { body: file.stream(), size: file.size };
}
