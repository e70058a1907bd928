import type { ChannelEnv } from "./channel.ts";

/** `<CHANNEL>_ENABLED`, true unless it says no. */
export function isEnabled(name: string, vars: ChannelEnv["vars"]): boolean {
  return !/^(false|0|no|off)$/i.test(vars[`${name.toUpperCase()}_ENABLED`]?.trim() ?? "");
}
