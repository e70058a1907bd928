import { Refused, type Written } from "./written.ts";

/** A part of the install's bucket that a group sees as `/workspace/extra/<name>`. */
export interface Mount {
  name: string;
  /** The beginning of the keys in R2, with a slash at its end. */
  prefix: string;
  readOnly: boolean;
}

const MOST_MOUNTS = 20;
/** What the install itself keeps in the bucket: each folder there has one writer. */
const OWN_KEYS = /^(?:groups|global|media)\//i;

export function mounts(written: Written): Mount[] {
  const list = typeof written === "string" ? written.split(",").filter((entry) => entry.trim()) : written;
  if (!Array.isArray(list) || list.length > MOST_MOUNTS)
    throw new Refused(
      `mounts is a list of up to ${MOST_MOUNTS}, such as recipes=shared/recipes/ or recipes=shared/recipes/:rw.`,
    );
  const all = list.map((entry) =>
    checkMount(typeof entry === "string" ? splitMount(entry) : (entry as Mount)),
  );
  const twice = all.find(({ name }, index) => all.findIndex((other) => other.name === name) !== index);
  if (twice) throw new Refused(`Two mounts are called ${twice.name}.`);
  return all;
}

function splitMount(entry: string): Mount {
  const [, name = "", prefix = "", rights] = /^([^=]*)=(.*?)(?::(ro|rw))?$/i.exec(entry.trim()) ?? [];
  return { name: name.trim(), prefix: prefix.trim(), readOnly: rights?.toLowerCase() !== "rw" };
}

function checkMount({ name, prefix, readOnly }: Mount): Mount {
  if (!/^[a-z0-9][a-z0-9_-]{0,62}$/.test(String(name)))
    throw new Refused("A mount's name has small letters, digits, - and _, e.g. recipes=shared/recipes/.");
  const path = `${String(prefix).replace(/^\/+|\/+$/g, "")}/`;
  if (!/^(?:[\w.-][\w. -]*\/){1,16}$/.test(path) || /(?:^|\/)\.{1,2}\//.test(path) || path.length > 256)
    throw new Refused(`The prefix of ${name} is a path in the bucket, e.g. shared/recipes/.`);
  if (OWN_KEYS.test(path))
    throw new Refused(`${path} belongs to the install itself; use another prefix, e.g. shared/${name}/.`);
  return { name, prefix: path, readOnly: readOnly !== false };
}

export function shownMount({ name, prefix, readOnly }: Mount): string {
  return `${name}=${prefix}${readOnly ? "" : ":rw"}`;
}
