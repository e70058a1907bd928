ALTER TABLE `groups` ADD `egress` text;--> statement-breakpoint
ALTER TABLE `groups` ADD `env` text;