CREATE TABLE `mcp_tokens` (
	`id` text PRIMARY KEY NOT NULL,
	`hash` text NOT NULL,
	`address` text NOT NULL,
	`label` text NOT NULL,
	`created_at` integer NOT NULL,
	`used_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `mcp_tokens_by_hash` ON `mcp_tokens` (`hash`);--> statement-breakpoint
CREATE INDEX `mcp_tokens_by_group` ON `mcp_tokens` (`address`);--> statement-breakpoint
ALTER TABLE `groups` ADD `mcp` text;