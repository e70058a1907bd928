CREATE TABLE `aliases` (
	`address` text PRIMARY KEY NOT NULL,
	`target` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `audit` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`what` text NOT NULL,
	`subject` text NOT NULL,
	`who` text NOT NULL,
	`from_where` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `days` (
	`day` text PRIMARY KEY NOT NULL,
	`usd` real DEFAULT 0 NOT NULL,
	`tokens` integer DEFAULT 0 NOT NULL,
	`held_usd` real DEFAULT 0 NOT NULL,
	`held_tokens` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `facts` (
	`name` text PRIMARY KEY NOT NULL,
	`value` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `grants` (
	`turn` text PRIMARY KEY NOT NULL,
	`address` text NOT NULL,
	`day` text NOT NULL,
	`usd` real NOT NULL,
	`tokens` integer NOT NULL,
	`state` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `grants_by_state` ON `grants` (`state`,`at`);--> statement-breakpoint
CREATE TABLE `groups` (
	`address` text PRIMARY KEY NOT NULL,
	`version` integer NOT NULL,
	`name` text NOT NULL,
	`name_key` text NOT NULL,
	`folder` text NOT NULL,
	`type` text NOT NULL,
	`registered` integer NOT NULL,
	`main` integer NOT NULL,
	`trigger` text,
	`requires_trigger` integer NOT NULL,
	`timezone` text,
	`model` text,
	`next_due` integer,
	`last_active_at` integer NOT NULL,
	`spent_day` text DEFAULT '' NOT NULL,
	`spent_usd` real DEFAULT 0 NOT NULL,
	`spent_tokens` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `groups_by_folder` ON `groups` (`folder`);--> statement-breakpoint
CREATE INDEX `groups_by_name` ON `groups` (`name_key`);--> statement-breakpoint
CREATE INDEX `groups_by_due` ON `groups` (`next_due`) WHERE next_due is not null;--> statement-breakpoint
CREATE INDEX `groups_by_main` ON `groups` (`main`) WHERE main = 1;--> statement-breakpoint
CREATE TABLE `guesses` (
	`address` text PRIMARY KEY NOT NULL,
	`wrong` integer NOT NULL,
	`until` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `guesses_by_time` ON `guesses` (`until`);--> statement-breakpoint
CREATE TABLE `intents` (
	`address` text PRIMARY KEY NOT NULL,
	`version` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `notices` (
	`key` text PRIMARY KEY NOT NULL,
	`text` text NOT NULL,
	`at` integer NOT NULL,
	`delivered` integer DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE INDEX `notices_waiting` ON `notices` (`at`) WHERE delivered = 0;--> statement-breakpoint
CREATE INDEX `notices_by_time` ON `notices` (`at`);--> statement-breakpoint
CREATE TABLE `pairings` (
	`address` text PRIMARY KEY NOT NULL,
	`channel` text NOT NULL,
	`hash` text NOT NULL,
	`title` text NOT NULL,
	`key` text,
	`approved` integer DEFAULT false NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `pairings_by_hash` ON `pairings` (`hash`);--> statement-breakpoint
CREATE INDEX `pairings_by_channel` ON `pairings` (`channel`);--> statement-breakpoint
CREATE INDEX `pairings_by_expiry` ON `pairings` (`expires_at`);--> statement-breakpoint
CREATE TABLE `pending` (
	`address` text PRIMARY KEY NOT NULL,
	`title` text NOT NULL,
	`title_key` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `pending_by_title` ON `pending` (`title_key`);--> statement-breakpoint
CREATE INDEX `pending_by_time` ON `pending` (`at`);--> statement-breakpoint
CREATE TABLE `secrets` (
	`hash` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`expires_at` integer NOT NULL,
	`wrong` integer DEFAULT 0 NOT NULL,
	`used_by` text
);
--> statement-breakpoint
CREATE INDEX `secrets_by_kind` ON `secrets` (`kind`,`expires_at`);--> statement-breakpoint
CREATE INDEX `secrets_by_expiry` ON `secrets` (`expires_at`);--> statement-breakpoint
CREATE TABLE `file_counters` (
	`name` text PRIMARY KEY NOT NULL,
	`value` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `file_intents` (
	`id` text PRIMARY KEY NOT NULL,
	`batch` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `file_versions` (
	`path` text NOT NULL,
	`version` integer NOT NULL,
	`text` text,
	`at` integer NOT NULL,
	`by` text NOT NULL,
	`name` text NOT NULL,
	`trust` text NOT NULL,
	PRIMARY KEY(`path`, `version`)
);
--> statement-breakpoint
CREATE TABLE `files` (
	`path` text PRIMARY KEY NOT NULL,
	`size` integer NOT NULL,
	`sha256` text NOT NULL,
	`key` text NOT NULL,
	`version` integer NOT NULL,
	`text` text,
	`updated_at` integer NOT NULL,
	`by` text NOT NULL,
	`name` text NOT NULL,
	`trust` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `files_by_key` ON `files` (`key`);