import { Trouble } from "../bridge/trouble.ts";

export { Trouble };

/** Runs a command; its failure is a line on stderr and exit code 1, never a stack for what a person can mend. */
export async function orExplain(command: () => Promise<unknown>): Promise<void> {
  try {
    await command();
  } catch (error) {
    console.error(
      error instanceof Trouble ? error.message : `This is a fault of nanoflare: ${(error as Error)?.stack}`,
    );
    process.exitCode = 1;
  }
}
