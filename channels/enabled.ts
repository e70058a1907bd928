import type { ChannelEnv } from "./channel.ts";

/** Whether a variable says yes. */
export function isYes(value = ""): boolean {
  return /^(true|1|yes|on)$/i.test(value.trim());
}

/** Whether a variable says no. */
export function isNo(value = ""): boolean {
  return /^(false|0|no|off)$/i.test(value.trim());
}

/** `<CHANNEL>_ENABLED`, true unless it says no. */
export function isEnabled(name: string, vars: ChannelEnv["vars"]): boolean {
  return !isNo(vars[`${name.toUpperCase()}_ENABLED`]);
}
