import type { GatePorts } from "../agent/web/gate.ts";
import { guardedFetch } from "../agent/web/guarded-fetch.ts";
import { resolverOverHttps } from "../agent/web/resolve.ts";
import type { Config } from "./config.ts";

const send: GatePorts["fetch"] = (url, init) => fetch(url, init);

/** Files of people are up to 20 MB. */
const FILES = { maxBytes: 20 * 1024 * 1024, timeoutMs: 60_000 };

/**
 * The outbound gate with this install's resolver. Add a group's own policy with `allowed`.
 * @param inside hosts that may be called though they are inside
 */
export function outboundPorts({ vars }: Config, inside: readonly string[]): GatePorts {
  return { fetch: send, resolve: resolverOverHttps(send, vars.DNS_RESOLVER), inside };
}

/**
 * A `fetch` for addresses that an event or a platform named. Servers of platforms that the operator put into a
 * variable, such as TELEGRAM_API_ROOT, may be inside.
 */
export function fetchNamed(config: Config): (url: string, init: RequestInit) => Promise<Response> {
  const ports = outboundPorts(config, [...config.OUTBOUND_ALLOW, ...rootsOf(config.vars)]);
  return (url, init) => guardedFetch(url, { ...FILES, ...init }, ports);
}

function rootsOf(vars: Config["vars"]): string[] {
  const roots = Object.entries(vars).filter(([name]) => name.endsWith("_API_ROOT"));
  return roots.flatMap(([, root]) => (root && URL.canParse(root) ? [new URL(root).host] : []));
}
