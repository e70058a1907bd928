import type { Refusal } from "./journal.ts";
import type { ModelFailure } from "./model.ts";

/** What a turn does while it runs, for streaming and the console. Nothing depends on anybody listening. */
export type LoopEvent =
  /** A model call begins; what was shown of an earlier one is void. */
  | { type: "call"; round: number }
  | { type: "text"; delta: string }
  /** Forget the text of this call; it starts again. */
  | { type: "restart" }
  /** A tool runs. `summary` is short and for people. */
  | { type: "tool"; name: string; summary: string }
  | { type: "tools-done" };

/** How a loop ended. */
export type LoopEnd =
  | { type: "answer"; text: string; cut: boolean }
  /** MAX_TURNS model calls were made. */
  | { type: "rounds" }
  /** The turn's time was up. */
  | { type: "deadline" }
  /** Somebody said /stop. */
  | { type: "stopped" }
  | { type: "budget"; refusal: Refusal }
  | { type: "context-length" }
  /** It was begun this often, and each time the host itself failed or was restarted. */
  | { type: "exhausted"; attempts: number }
  | { type: "failed"; failure: ModelFailure };

/** Why a running call is aborted; the reason of its `AbortSignal`. */
export type Interruption = "join" | "stop" | "deadline";
