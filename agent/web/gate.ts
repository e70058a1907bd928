import { isAddress, isPublicAddress, isPublicName } from "./address.ts";
import { GateError } from "./gate-error.ts";

/** What the gate needs from the host. */
export interface GatePorts {
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** All addresses of a name, IPv4 and IPv6. Empty where it has none; rejects where nobody answers. */
  resolve(name: string, signal: AbortSignal): Promise<string[]>;
  /** Hosts that may be called though they are inside, as a URL writes them: `127.0.0.1:8123`, `wiki.intranet`. */
  inside: readonly string[];
  /** The group's own policy: why this host may not be called, in words, or undefined. */
  allowed?(host: string): string | undefined;
}

/** Ports above 1023 that speak no HTTP: databases, queues, remote desktops, and the Fetch standard's bad ports. */
const NOT_WEB = new Set(
  "1433 1521 1719 1720 1723 2049 2375 2376 2379 3306 3389 3659 4045 4190 5060 5061 5432 5900 6000 6379 6566 6665 6666 6667 6668 6669 6679 6697 9042 9092 9200 10080 11211 27017".split(
    " ",
  ),
);

/**
 * Checks one address that somebody outside named. Throws `GateError`. The URL parser has by then unified the
 * spellings of IPv4 (decimal, octal, hex, short, full-width) and of names (case, punycode, percent signs).
 * A name is resolved anew at each call; between this and the fetch it may still change (docs/threat-model.md).
 */
export async function checkAddress(written: string, ports: GatePorts, signal: AbortSignal): Promise<URL> {
  const url = parse(written);
  const policy = ports.allowed?.(url.hostname);
  if (policy) throw new GateError("egress", policy);
  if (ports.inside.includes(url.host)) return url;
  checkPort(url);
  await checkHost(url.hostname, ports, signal);
  return url;
}

function parse(written: string): URL {
  if (!URL.canParse(written)) throw refused("This is no complete URL; write e.g. https://example.com/page.");
  const url = new URL(written);
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw refused("Only http and https addresses can be fetched.");
  if (url.username || url.password)
    throw refused("A URL with a user name or password in it is not fetched; leave them out.");
  return url;
}

function checkPort({ port }: URL): void {
  const open = port === "" || port === "80" || port === "443" || (Number(port) > 1023 && !NOT_WEB.has(port));
  if (!open) throw refused(`Port ${port} is not one of the web.`);
}

async function checkHost(host: string, { resolve }: GatePorts, signal: AbortSignal): Promise<void> {
  if (isAddress(host)) {
    if (!isPublicAddress(host)) throw notPublic(host);
    return;
  }
  if (!isPublicName(host)) throw notPublic(host);
  const addresses = await resolve(host, signal).catch(() => {
    throw new GateError("dns", `The name ${host} could not be looked up; try again later.`);
  });
  if (addresses.length === 0) throw new GateError("dns", `There is no host called ${host}.`);
  if (!addresses.every(isPublicAddress)) throw notPublic(host);
}

function notPublic(host: string): GateError {
  return refused(`${host} is not a public address; only the public internet can be reached.`);
}

function refused(message: string): GateError {
  return new GateError("address", message);
}
