ALTER TABLE `audit` ADD `detail` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `audit` ADD `refusal` integer DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX `audit_by_subject` ON `audit` (`subject`,`id`);--> statement-breakpoint
CREATE INDEX `audit_by_kind` ON `audit` (`refusal`,`id`);--> statement-breakpoint
ALTER TABLE `groups` ADD `title` text;--> statement-breakpoint
ALTER TABLE `groups` ADD `named` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `groups` ADD `allow` text;--> statement-breakpoint
ALTER TABLE `groups` ADD `mode` text DEFAULT 'normal' NOT NULL;--> statement-breakpoint
ALTER TABLE `groups` ADD `mounts` text;--> statement-breakpoint
ALTER TABLE `groups` ADD `budget_usd` real;--> statement-breakpoint
ALTER TABLE `groups` ADD `budget_tokens` integer;--> statement-breakpoint
ALTER TABLE `groups` ADD `turn_timeout` integer;--> statement-breakpoint
ALTER TABLE `groups` ADD `heartbeat_interval` integer;--> statement-breakpoint
ALTER TABLE `groups` ADD `active_hours` text;--> statement-breakpoint
ALTER TABLE `groups` ADD `paused` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `groups` ADD `adopted_from` text;