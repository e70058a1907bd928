/** The tokens with which other agents reach a chat over MCP. docs/storage.md says who writes them. */
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { Address } from "../../channels/channel.ts";

/** By the SHA-256 of each. A row lives until it is revoked. */
export const mcpTokens = sqliteTable(
  "mcp_tokens",
  {
    /** What people call it: it is no secret. */
    id: text().primaryKey(),
    hash: text().notNull(),
    address: text().$type<Address>().notNull(),
    /** Who holds it, in the owner's words. */
    label: text().notNull(),
    createdAt: integer("created_at").notNull(),
    /** Milliseconds, to the hour; null while it was never used. */
    usedAt: integer("used_at"),
  },
  (table) => [
    uniqueIndex("mcp_tokens_by_hash").on(table.hash),
    index("mcp_tokens_by_group").on(table.address),
  ],
);
