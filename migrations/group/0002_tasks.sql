CREATE TABLE `task_runs` (
	`id` text PRIMARY KEY NOT NULL,
	`task` text NOT NULL,
	`slot` integer NOT NULL,
	`manual` integer NOT NULL,
	`slots` integer NOT NULL,
	`until` integer NOT NULL,
	`state` text NOT NULL,
	`turn` text,
	`attempts` integer NOT NULL,
	`late_ms` integer NOT NULL,
	`started_at` integer,
	`ended_at` integer,
	`result` text,
	`error` text,
	`usd` real NOT NULL,
	`tokens` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `task_runs_slot` ON `task_runs` (`task`,`slot`,`manual`);--> statement-breakpoint
CREATE INDEX `task_runs_task` ON `task_runs` (`task`,`id`);--> statement-breakpoint
CREATE INDEX `task_runs_open` ON `task_runs` (`state`,`id`) WHERE state in ('queued', 'running', 'retrying', 'delivering');--> statement-breakpoint
CREATE TABLE `tasks` (
	`id` text PRIMARY KEY NOT NULL,
	`number` integer NOT NULL,
	`key` text NOT NULL,
	`name` text NOT NULL,
	`kind` text NOT NULL,
	`text` text NOT NULL,
	`schedule` text NOT NULL,
	`context` text NOT NULL,
	`deliver` integer NOT NULL,
	`misfire` text NOT NULL,
	`delete_after_run` integer NOT NULL,
	`thread` text NOT NULL,
	`state` text NOT NULL,
	`next_at` integer,
	`handled_to` integer NOT NULL,
	`run` text,
	`failures` integer NOT NULL,
	`last_result` text,
	`by_id` text NOT NULL,
	`by_name` text NOT NULL,
	`from_address` text NOT NULL,
	`by_agent` integer NOT NULL,
	`as_main` integer NOT NULL,
	`trust` text NOT NULL,
	`trace` text NOT NULL,
	`created_at` integer NOT NULL,
	`changed_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `tasks_number` ON `tasks` (`number`);--> statement-breakpoint
CREATE UNIQUE INDEX `tasks_key` ON `tasks` (`key`);--> statement-breakpoint
CREATE INDEX `tasks_due` ON `tasks` (`next_at`) WHERE state = 'active' and run is null and next_at is not null;--> statement-breakpoint
CREATE INDEX `tasks_state` ON `tasks` (`state`,`number`);--> statement-breakpoint
ALTER TABLE `turns` ADD `run` text;