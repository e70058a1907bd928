/** What goes along with requests to a host, added outside of the sandbox. */
export interface Credential {
  host: string;
  header: string;
  value: string;
}

type Vars = Readonly<Record<string, string | undefined>>;

/** A token of GitHub serves its API and, as the password of anybody, its repositories. */
const GITHUB = "api.github.com=GITHUB_TOKEN,github.com=GITHUB_TOKEN:git";
const ENTRY = /^([a-z0-9.-]+)=([A-Za-z_]\w*)(?::([A-Za-z0-9-]+))?$/;

/**
 * Reads `SANDBOX_CREDENTIALS`: `host=NAME`, comma-separated, where NAME is the secret's variable. It goes along as a
 * bearer token; `host=NAME:git` as a password, `host=NAME:x-api-key` in that header. Without it `GITHUB_TOKEN` serves
 * GitHub.
 */
export function readCredentials(vars: Vars): { credentials: Credential[]; problems: string[] } {
  const written = vars.SANDBOX_CREDENTIALS ?? (vars.GITHUB_TOKEN ? GITHUB : "");
  const entries = written.split(",").map((entry) => entry.trim());
  const read = entries.filter(Boolean).map((entry) => readEntry(entry, vars));
  return {
    credentials: read.filter((one) => typeof one !== "string"),
    problems: read.filter((one) => typeof one === "string"),
  };
}

function readEntry(entry: string, vars: Vars): Credential | string {
  const [, host, name, how = "bearer"] = ENTRY.exec(entry) ?? [];
  if (!host || !name)
    return "SANDBOX_CREDENTIALS is a list of host=NAME_OF_A_SECRET, such as api.github.com=GITHUB_TOKEN.";
  const secret = vars[name];
  if (!secret) return `SANDBOX_CREDENTIALS names ${name} for ${host}, which is not set.`;
  if (how === "bearer") return { host, header: "authorization", value: `Bearer ${secret}` };
  if (how === "git")
    return { host, header: "authorization", value: `Basic ${btoa(`x-access-token:${secret}`)}` };
  return { host, header: how.toLowerCase(), value: secret };
}
