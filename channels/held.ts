import type { Report } from "./channel.ts";
import type { Companion } from "./frames.ts";

/** How the companion holds a channel's connection. Undefined where it holds none, or is not there. Never rejects. */
export async function heldBy(companion: Companion | undefined, channel: string): Promise<Report | undefined> {
  const connector = await companion?.state(channel).catch(() => undefined);
  if (!connector) return undefined;
  const { state, problem } = connector;
  if (state === "ready") return { ok: true, said: ["The companion holds its connection."] };
  return { ok: false, said: [`The companion does not hold its connection: ${problem ?? `${state}.`}`] };
}
