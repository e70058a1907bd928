import type { Root } from "../agent/notebook.ts";

/** What a command printed, at the container's own door. */
export interface Ran {
  stdout: string;
  stderr: string;
  exitCode: number;
  /**
   * Hosts that were reached since the container started, and `*` once a turn from outside ran a command in it: what
   * lies in it may come from there.
   */
  reached: string[];
}

/** Which hosts commands may reach, as the outbound handler is told. */
export interface Reach {
  /** The group's setting, as `readEgress` reads it. */
  egress: string;
  /** The turn has read text from outside: listed hosts only, reading only, no credentials. */
  outside: boolean;
  /** The group is main: the owner's credentials are its own. */
  main: boolean;
}

/**
 * One group's container.
 * *Contract:* the first call starts it; a call that rejects may have happened; after it slept or died the next call
 * meets an empty one. Two `run`s go on beside each other.
 */
export interface Hands {
  /** Runs a line of shell as root. */
  run(command: string, reach: Reach): Promise<Ran>;
  /** Puts the helper `hands.py` into the container. */
  begin(): Promise<void>;
  /** Writes a text file as root. */
  put(path: string, text: string): Promise<void>;
  /** Ends the container and all that runs in it. */
  end(): Promise<void>;
}

/** Where the helper, the boot marker and the base lie in a container; root's alone. */
export const STATE = "/var/lib/nanoflare";

/** What the helper is asked. `hands.py` reads it. */
export interface HelperRequest {
  marker: string;
  /** Names this command. */
  run: string;
  /** The container was started anew: it takes this marker. */
  start?: true;
  command?: string;
  cwd: string;
  seconds: number;
  env: Record<string, string>;
  roots: readonly Root[];
  /** What both sides have agreed on since the last request; null: that the file is gone. */
  agreed: Record<string, [sha: string, version: number] | null>;
  /** Files that hold lists of changes for the container. */
  parts: string[];
  bounds: typeof BOUNDS;
}

/** What the helper answers. */
export type HelperAnswer =
  | { lost: true }
  | { marker: string; ran: false }
  | ({ marker: string; ran: true } & HelperResult);

export interface HelperResult {
  exitCode: number;
  ended: "timeout" | "stopped" | "limit" | null;
  stdout: string;
  stderr: string;
  base: Record<string, [sha: string, version: number]>;
  /** Absent after a stop. */
  files?: Record<string, [sha: string, size: number]>;
  odd?: Record<string, string>;
  /** There were more files than were looked at. */
  cut?: boolean;
  contents?: Record<string, string>;
}

const MB = 1024 * 1024;

export const BOUNDS = {
  /** Processes of one command, and the bytes of a file that it may write. */
  processes: 256,
  fileBytes: 1024 * MB,
  /** Kept of each output, head and tail. */
  outputBytes: 4 * MB,
  /** A command that prints more is ended. */
  floodBytes: 256 * MB,
  /** The largest file that the notebook keeps. */
  largest: 10 * MB,
  /** Contents that come with the answer, in bytes. */
  inline: 8 * MB,
};
