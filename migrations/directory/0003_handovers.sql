CREATE TABLE `handovers` (
	`folder` text PRIMARY KEY NOT NULL,
	`giver` text NOT NULL,
	`heir` text NOT NULL,
	`taken` integer DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE INDEX `handovers_by_giver` ON `handovers` (`giver`);--> statement-breakpoint
CREATE INDEX `handovers_by_heir` ON `handovers` (`heir`);