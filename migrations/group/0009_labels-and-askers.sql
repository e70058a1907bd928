ALTER TABLE `approvals` ADD `asker` text;--> statement-breakpoint
ALTER TABLE `task_runs` ADD `trust` text;