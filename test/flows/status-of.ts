import { exports } from "cloudflare:workers";
import type { ChannelStatus } from "../../workers/channels.ts";

/** What the API tells of a channel; with `probe` the platform is asked too. */
export async function statusOf(name: string, probe = false): Promise<ChannelStatus> {
  const headers = { authorization: "Bearer flow-admin" };
  const url = `http://flare.test/api/channels${probe ? "?probe=true" : ""}`;
  const answer = await exports.default.fetch(new Request(url, { headers }));
  const all = (await answer.json()) as ChannelStatus[];
  return all.find((channel) => channel.name === name)!;
}
