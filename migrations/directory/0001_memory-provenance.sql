ALTER TABLE `file_versions` ADD `source` text;--> statement-breakpoint
ALTER TABLE `files` ADD `source` text;