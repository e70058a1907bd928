CREATE TABLE `commands` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`channel` text NOT NULL,
	`command` text NOT NULL,
	`sent_to` text,
	`acked` integer DEFAULT false NOT NULL,
	`result` text,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `commands_by_id` ON `commands` (`id`);--> statement-breakpoint
CREATE INDEX `commands_open` ON `commands` (`seq`) WHERE result is null;--> statement-breakpoint
CREATE INDEX `commands_by_time` ON `commands` (`at`);--> statement-breakpoint
CREATE TABLE `facts` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
