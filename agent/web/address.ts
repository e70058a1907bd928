import ipaddr from "ipaddr.js";

/** Names that never mean a public host: https://www.iana.org/assignments/special-use-domain-names and common habits. */
const INWARD_SUFFIXES = [
  "localhost",
  "localdomain",
  "local",
  "internal",
  "intranet",
  "private",
  "corp",
  "home",
  "lan",
  "arpa",
  "test",
  "invalid",
  "onion",
  "alt",
];

/** Public names that resolve to whatever address is written in them, or to loopback. */
const WILDCARD_DNS = [
  "nip.io",
  "sslip.io",
  "xip.io",
  "localtest.me",
  "lvh.me",
  "vcap.me",
  "lacolhost.com",
  "traefik.me",
  "local.gd",
  "localhost.direct",
];

/** Where clouds keep things for their own machines though the address is a public one (Azure's host agent). */
const CLOUD_INSIDE = ["168.63.129.16"];

/** Documentation networks that ipaddr.js counts as public: RFC 9637. */
const MORE_RESERVED = [ipaddr.IPv6.parseCIDR("3fff::/20")];
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");

/** Whether this host of a URL is an address and not a name. IPv6 stands in brackets. */
export function isAddress(host: string): boolean {
  return ipaddr.isValid(bare(host));
}

/**
 * Whether an IP address is one of the public internet. Addresses that carry another one inside (mapped, NAT64, 6to4,
 * Teredo, ISATAP) are none: what they lead to depends on the network.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(bare(address))) return false;
  const parsed = ipaddr.parse(bare(address));
  if (parsed.range() !== "unicast") return false;
  return parsed.kind() === "ipv6"
    ? isPublicIpv6(parsed as ipaddr.IPv6)
    : !CLOUD_INSIDE.includes(parsed.toString());
}

function isPublicIpv6(address: ipaddr.IPv6): boolean {
  const isatap = (address.parts[4]! & ~0x0200) === 0 && address.parts[5] === 0x5efe;
  return address.match(GLOBAL_UNICAST) && !isatap && !MORE_RESERVED.some((network) => address.match(network));
}

/** Whether a name can mean a public host: it has a dot, and is no special name. Where it leads is for DNS to say. */
export function isPublicName(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  const isBelow = (suffix: string) => name === suffix || name.endsWith(`.${suffix}`);
  if (!name.includes(".") || name.split(".").some((label) => label === "")) return false;
  return ![...INWARD_SUFFIXES, ...WILDCARD_DNS].some(isBelow);
}

function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, "$1");
}
