import type { TaskRow } from "./runs.ts";

/** Who asks, as the host knows it. */
export interface Asker {
  id: string;
  name: string;
  /** The chat that asks. */
  from: string;
  /** With main's rights. */
  main: boolean;
  agent: boolean;
  trust: TaskRow["trust"];
  thread: string;
  /** The step or request: the same one makes one task. */
  key: string;
  trace: string;
}
