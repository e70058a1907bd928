ALTER TABLE `groups` ADD `approval` text;--> statement-breakpoint
ALTER TABLE `groups` ADD `approvers` text;