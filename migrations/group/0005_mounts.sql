CREATE TABLE `mount_copy` (
	`key` text PRIMARY KEY NOT NULL,
	`etag` text NOT NULL,
	`size` integer NOT NULL,
	`version` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`outside` integer NOT NULL,
	`read` integer NOT NULL,
	`text` text
);
