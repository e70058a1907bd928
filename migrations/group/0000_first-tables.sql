CREATE TABLE `audit` (
	`id` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`who` text NOT NULL,
	`what` text NOT NULL,
	`detail` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `days` (
	`day` text PRIMARY KEY NOT NULL,
	`usd` real NOT NULL,
	`tokens` integer NOT NULL,
	`warned` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `drops` (
	`id` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`sender` text NOT NULL,
	`reason` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `facts` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `inbox` (
	`id` text PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`state` text NOT NULL,
	`wakes` integer NOT NULL,
	`thread` text NOT NULL,
	`messageId` text NOT NULL,
	`senderId` text NOT NULL,
	`senderName` text NOT NULL,
	`text` text NOT NULL,
	`extra` text NOT NULL,
	`sentAt` integer NOT NULL,
	`receivedAt` integer NOT NULL,
	`notBefore` integer NOT NULL,
	`turn` text,
	`joinedAt` integer,
	`trust` text NOT NULL,
	`trace` text NOT NULL,
	`reason` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `inbox_key` ON `inbox` (`key`);--> statement-breakpoint
CREATE INDEX `inbox_pending` ON `inbox` (`notBefore`,`id`) WHERE state = 'pending';--> statement-breakpoint
CREATE INDEX `inbox_turn` ON `inbox` (`turn`,`thread`);--> statement-breakpoint
CREATE INDEX `inbox_message` ON `inbox` (`messageId`);--> statement-breakpoint
CREATE TABLE `members` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`username` text,
	`seenAt` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `members_seen` ON `members` (`seenAt`);--> statement-breakpoint
CREATE TABLE `messages` (
	`rowid` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`role` text NOT NULL,
	`thread` text NOT NULL,
	`session` text NOT NULL,
	`turn` text,
	`senderId` text NOT NULL,
	`sender` text NOT NULL,
	`text` text NOT NULL,
	`extra` text NOT NULL,
	`at` integer NOT NULL,
	`trust` text NOT NULL,
	`trace` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `messages_id` ON `messages` (`id`);--> statement-breakpoint
CREATE INDEX `messages_session` ON `messages` (`session`,`thread`,`id`);--> statement-breakpoint
CREATE TABLE `outbox` (
	`id` text PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`turn` text,
	`thread` text NOT NULL,
	`text` text NOT NULL,
	`replyTo` text,
	`state` text NOT NULL,
	`part` integer NOT NULL,
	`parts` text,
	`sentIds` text NOT NULL,
	`plain` integer NOT NULL,
	`boot` text,
	`attempts` integer NOT NULL,
	`repeated` integer NOT NULL,
	`edits` integer NOT NULL,
	`nextAt` integer NOT NULL,
	`reason` text,
	`createdAt` integer NOT NULL,
	`sentAt` integer,
	`trust` text NOT NULL,
	`trace` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `outbox_key` ON `outbox` (`key`);--> statement-breakpoint
CREATE INDEX `outbox_state` ON `outbox` (`state`,`id`);--> statement-breakpoint
CREATE TABLE `sessions` (
	`id` text PRIMARY KEY NOT NULL,
	`thread` text NOT NULL,
	`startedAt` integer NOT NULL,
	`summary` text,
	`summarisedTo` text
);
--> statement-breakpoint
CREATE TABLE `steps` (
	`id` text PRIMARY KEY NOT NULL,
	`turn` text NOT NULL,
	`phase` text NOT NULL,
	`seq` integer NOT NULL,
	`kind` text NOT NULL,
	`round` integer NOT NULL,
	`name` text NOT NULL,
	`callId` text,
	`risk` text,
	`state` text NOT NULL,
	`input` text,
	`output` text,
	`startedAt` integer,
	`doneAt` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `steps_turn` ON `steps` (`turn`,`phase`,`seq`);--> statement-breakpoint
CREATE TABLE `turns` (
	`id` text PRIMARY KEY NOT NULL,
	`lane` text NOT NULL,
	`kind` text NOT NULL,
	`thread` text NOT NULL,
	`session` text NOT NULL,
	`state` text NOT NULL,
	`boot` text,
	`attempts` integer NOT NULL,
	`claims` integer NOT NULL,
	`notBefore` integer NOT NULL,
	`createdAt` integer NOT NULL,
	`deadlineAt` integer NOT NULL,
	`endedAt` integer,
	`error` text,
	`model` text,
	`closed` integer NOT NULL,
	`trust` text NOT NULL,
	`trace` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `turns_open` ON `turns` (`state`,`lane`);--> statement-breakpoint
CREATE INDEX `turns_unclosed` ON `turns` (`closed`,`state`);--> statement-breakpoint
CREATE TABLE `usage` (
	`id` text PRIMARY KEY NOT NULL,
	`step` text NOT NULL,
	`turn` text NOT NULL,
	`day` text NOT NULL,
	`model` text NOT NULL,
	`state` text NOT NULL,
	`usd` real NOT NULL,
	`tokens` integer NOT NULL,
	`priced` integer NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `usage_turn` ON `usage` (`turn`);--> statement-breakpoint
CREATE INDEX `usage_state` ON `usage` (`state`);--> statement-breakpoint
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
CREATE INDEX `files_by_key` ON `files` (`key`);--> statement-breakpoint
CREATE TABLE `global_copy` (
	`path` text PRIMARY KEY NOT NULL,
	`size` integer NOT NULL,
	`version` integer NOT NULL,
	`text` text,
	`updated_at` integer NOT NULL
);
