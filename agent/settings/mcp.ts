import { Refused, type Written } from "./written.ts";

const MOST = 50;

/** Names of MCP servers; `all`, or `none` for no server. */
export function mcp(written: Written): string[] {
  const list = typeof written === "string" ? written.split(",") : written;
  const names = Array.isArray(list)
    ? list.map((name) => String(name).trim().toLowerCase()).filter(Boolean)
    : [];
  const bad = names.find((name) => !/^[a-z0-9][a-z0-9-]{0,23}$/.test(name));
  if (names.length === 0 || names.length > MOST || bad)
    throw new Refused("mcp is all, none, or names of MCP servers such as notes,calendar.");
  return names.includes("none") ? [] : [...new Set(names)];
}
