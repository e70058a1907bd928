CREATE TABLE `askers` (
	`address` text PRIMARY KEY NOT NULL,
	`channel` text NOT NULL,
	`asked` integer NOT NULL,
	`at` integer NOT NULL
);
