/** What a group knows of the MCP servers that are on for it. docs/storage.md says who writes it. */
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { ListedTool } from "../../agent/mcp/servers.ts";

/** The tools that each server listed last, so that one which is down blocks no turn. */
export const mcpServers = sqliteTable("mcp_servers", {
  name: text().primaryKey(),
  /** The address that was asked: a list of another address is not used. */
  url: text().notNull(),
  tools: text({ mode: "json" }).$type<ListedTool[]>().notNull(),
  /** Milliseconds; 0 while it has never answered. */
  listedAt: integer("listed_at").notNull(),
  /** Milliseconds; when it was asked last. */
  triedAt: integer("tried_at").notNull(),
  /** Questions in a row that failed. */
  failures: integer().notNull(),
  error: text(),
});
