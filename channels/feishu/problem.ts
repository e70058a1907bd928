import type { ChannelEnv } from "../channel.ts";
import { isEnabled, isYes } from "../enabled.ts";
import { domainOf } from "./api.ts";

/** Where the developer console shows each secret. */
const FOUND = {
  FEISHU_APP_ID: "Credentials & Basic Info",
  FEISHU_APP_SECRET: "Credentials & Basic Info",
  FEISHU_ENCRYPT_KEY: "Events & Callbacks, Encryption Strategy",
  FEISHU_VERIFICATION_TOKEN: "Events & Callbacks, Encryption Strategy",
};

/** The variables that it cannot do without. */
export const needs = Object.keys(FOUND);

/** Whether the companion brings the events, by a connection on which nothing has to be signed. */
export function isLong(vars: ChannelEnv["vars"]): boolean {
  return isYes(vars.FEISHU_LONG_CONNECTION);
}

/** Why Feishu cannot work with these variables; undefined if it can. */
export function problem(vars: ChannelEnv["vars"]): string | undefined {
  if (!isLong(vars)) return doorProblem(vars);
  if (!vars.BRIDGE_TOKEN)
    return "FEISHU_LONG_CONNECTION needs the companion: set BRIDGE_TOKEN for Worker and companion.";
  return lineProblem(vars);
}

/** The same of the long connection, as the companion holds it: its SDK takes no other app id. */
export function lineProblem(vars: ChannelEnv["vars"]): string | undefined {
  const problem = without(vars, ["FEISHU_APP_ID", "FEISHU_APP_SECRET"]);
  if (problem || /^cli_[0-9a-f]{16}$/i.test(vars.FEISHU_APP_ID!)) return problem;
  return "FEISHU_APP_ID is not an app id: it is cli_ and 16 hex digits.";
}

/** The same of the webhook: every secret is needed for every event. */
export function doorProblem(vars: ChannelEnv["vars"]): string | undefined {
  return without(vars, needs);
}

function without(vars: ChannelEnv["vars"], wanted: string[]): string | undefined {
  if (!isEnabled("feishu", vars)) return "FEISHU_ENABLED says no; remove it to use Feishu.";
  const missing = Object.entries(FOUND).filter(([name]) => wanted.includes(name) && !vars[name]?.trim());
  if (missing.length > 0) {
    const names = missing.map(([name]) => name).join(", ");
    const pages = [...new Set(missing.map(([, page]) => page))].join("; and under ");
    return `Not set: ${names}. The developer console shows them under ${pages}.`;
  }
  if (!domainOf(vars.FEISHU_DOMAIN)) return "FEISHU_DOMAIN may be feishu (China) or lark (elsewhere).";
  if (vars.FEISHU_API_ROOT && !/^https?:\/\//.test(vars.FEISHU_API_ROOT))
    return "FEISHU_API_ROOT is not an address; it looks like https://open.feishu.cn.";
  return undefined;
}
