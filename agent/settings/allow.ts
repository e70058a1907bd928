import { Refused, type Written } from "./written.ts";

const MOST_ALLOWED = 1000;

/** Ids alone: a name that somebody chose is no identity. */
export function allow(written: Written): string[] | null {
  if (typeof written === "string" && /^everyone$/i.test(written.trim())) return null;
  const list =
    typeof written === "string" ? (/^nobody$/i.test(written.trim()) ? [] : written.split(",")) : written;
  if (!Array.isArray(list) || list.length > MOST_ALLOWED)
    throw new Refused(`allow is everyone, nobody, or up to ${MOST_ALLOWED} ids such as telegram:1001.`);
  const ids = list.map((entry) => String(entry).trim()).filter(Boolean);
  const bad = ids.find((id) => !/^[^\s@][^\s]{0,127}$/.test(id) || !/\d/.test(id));
  if (bad)
    throw new Refused(
      `"${bad.slice(0, 60)}" is no id: names can be taken by anybody. Write ids such as telegram:1001.`,
    );
  return [...new Set(ids)];
}
