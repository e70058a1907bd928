CREATE TABLE `approvals` (
	`id` text PRIMARY KEY NOT NULL,
	`number` integer NOT NULL,
	`key` text NOT NULL,
	`origin` text,
	`origin_number` integer,
	`turn` text,
	`step` text,
	`thread` text NOT NULL,
	`tool` text NOT NULL,
	`input` text NOT NULL,
	`hash` text NOT NULL,
	`asked` text NOT NULL,
	`why` text NOT NULL,
	`state` text NOT NULL,
	`relay` integer NOT NULL,
	`trust` text NOT NULL,
	`decided_by` text,
	`decided_in` text,
	`run` text,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`ended_at` integer,
	`result` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `approvals_number` ON `approvals` (`number`);--> statement-breakpoint
CREATE UNIQUE INDEX `approvals_key` ON `approvals` (`key`);--> statement-breakpoint
CREATE INDEX `approvals_open` ON `approvals` (`expires_at`) WHERE state = 'asked';--> statement-breakpoint
CREATE INDEX `approvals_relay` ON `approvals` (`id`) WHERE relay = 1;--> statement-breakpoint
CREATE INDEX `approvals_run` ON `approvals` (`run`) WHERE run is not null;--> statement-breakpoint
CREATE TABLE `sub_agents` (
	`id` text PRIMARY KEY NOT NULL,
	`number` integer NOT NULL,
	`key` text NOT NULL,
	`parent` text NOT NULL,
	`turn` text NOT NULL,
	`label` text NOT NULL,
	`task` text NOT NULL,
	`state` text NOT NULL,
	`error` text,
	`created_at` integer NOT NULL,
	`ended_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `sub_agents_number` ON `sub_agents` (`number`);--> statement-breakpoint
CREATE UNIQUE INDEX `sub_agents_key` ON `sub_agents` (`key`);--> statement-breakpoint
CREATE INDEX `sub_agents_working` ON `sub_agents` (`id`) WHERE state = 'working';--> statement-breakpoint
ALTER TABLE `outbox` ADD `choices` text;--> statement-breakpoint
CREATE INDEX `outbox_choices` ON `outbox` (`id`) WHERE choices is not null;