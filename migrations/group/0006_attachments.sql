CREATE TABLE `pins` (
	`key` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE `outbox` ADD `files` text;--> statement-breakpoint
ALTER TABLE `outbox` ADD `fanOut` integer DEFAULT false NOT NULL;