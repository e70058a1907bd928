/** Which hosts a group's commands and tools may reach. */
export interface Egress {
  /** `allowlist`: package registries, common code hosts and `hosts`. `open`: every public host. */
  mode: "none" | "allowlist" | "open";
  /** More hosts of an allowlist, as `example.com` or `*.example.com` (the name itself and all below it). */
  hosts: readonly string[];
}

/** Package registries and code hosts: what installing a package or cloning a repository asks for. */
export const STANDARD_HOSTS: readonly string[] = [
  "registry.npmjs.org",
  "registry.yarnpkg.com",
  "jsr.io",
  "npm.jsr.io",
  "pypi.org",
  "files.pythonhosted.org",
  "crates.io",
  "index.crates.io",
  "static.crates.io",
  "proxy.golang.org",
  "sum.golang.org",
  "rubygems.org",
  "index.rubygems.org",
  "repo.maven.apache.org",
  "deb.debian.org",
  "security.debian.org",
  "github.com",
  "api.github.com",
  "codeload.github.com",
  "raw.githubusercontent.com",
  "objects.githubusercontent.com",
  "release-assets.githubusercontent.com",
  "gitlab.com",
  "bitbucket.org",
  "codeberg.org",
];

/** Reads the group setting `egress`, such as `none`, `open` or `allowlist *.example.com`. Undefined: the standard hosts. */
export function readEgress(setting: string | undefined): Egress {
  const [mode = "allowlist", ...hosts] = (setting ?? "").split(" ").filter(Boolean);
  if (mode === "open") return { mode, hosts: [] };
  return mode === "allowlist" ? { mode, hosts } : { mode: "none", hosts: [] };
}

/**
 * Why a host may not be reached under a group's setting, in a sentence for the model, or undefined. It decides by the
 * name alone: whether that is a public address is the outbound gate's question.
 * @param host a host name in any spelling, without a port
 */
export function whyNoEgress(host: string, { mode, hosts }: Egress): string | undefined {
  if (mode === "open") return undefined;
  if (mode === "none") return `This group may not reach the network, so not ${host}.`;
  const name = host.toLowerCase().replace(/\.$/, "");
  if ([...STANDARD_HOSTS, ...hosts].some((entry) => covers(entry, name))) return undefined;
  return `${name} is not on this group's list of hosts. Main may add it: egress="allowlist ${name}".`;
}

/** Whether an entry of a list names a host. */
export function covers(entry: string, host: string): boolean {
  if (!entry.startsWith("*.")) return entry === host;
  return host === entry.slice(2) || host.endsWith(entry.slice(1));
}
