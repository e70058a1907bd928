CREATE TABLE `mcp_servers` (
	`name` text PRIMARY KEY NOT NULL,
	`url` text NOT NULL,
	`tools` text NOT NULL,
	`listed_at` integer NOT NULL,
	`tried_at` integer NOT NULL,
	`failures` integer NOT NULL,
	`error` text
);
