import { Refused, type Written } from "./written.ts";

const MOST_HOSTS = 50;
/** A name of at least two labels; addresses and names without a dot are never public hosts. */
const HOST = /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;
const HOW =
  'egress is none, allowlist or open; more hosts stand behind allowlist, such as "allowlist example.com *.example.org".';

/** `none`, `open`, `allowlist` or `allowlist` with hosts, in one spelling. */
export function egress(written: Written): string {
  const words = (Array.isArray(written) ? written.join(" ") : String(written)).toLowerCase();
  const [mode = "", ...hosts] = words.split(/[\s,]+/).filter(Boolean);
  if (mode === "allowlist")
    return ["allowlist", ...new Set(hosts.map(checkHost))].slice(0, MOST_HOSTS + 1).join(" ");
  if ((mode === "none" || mode === "open") && hosts.length === 0) return mode;
  throw new Refused(HOW);
}

function checkHost(host: string, index: number): string {
  if (index >= MOST_HOSTS) throw new Refused(`egress has up to ${MOST_HOSTS} hosts.`);
  if (HOST.test(host) && host.length <= 253) return host;
  throw new Refused(`"${host.slice(0, 60)}" is no host; write e.g. example.com or *.example.com.`);
}
