import type { Approvals } from "./approvals/approvals.ts";
import type { Audit } from "./audit.ts";
import type { Errands } from "./errands.ts";
import type { Workspace } from "./files/workspace.ts";
import type { Mcp } from "./mcp/mcp.ts";
import type { Backlog } from "./messages/backlog.ts";
import type { Inbox } from "./messages/inbox.ts";
import type { Transcript } from "./messages/transcript.ts";
import type { Outbox } from "./outbox/outbox.ts";
import type { PinnedFile, Pins } from "./outbox/pins.ts";
import type { Skills } from "./skills/skills.ts";
import type { SubAgents } from "./sub-agents/sub-agents.ts";
import type { Desk } from "./tasks/desk.ts";
import type { Heartbeat } from "./tasks/heartbeat.ts";
import type { Runs } from "./tasks/runs.ts";
import type { Slots } from "./tasks/slots.ts";
import type { Turns } from "./turns/turns.ts";
import type { Workshop } from "./turns/workshop.ts";
import type { Ledger } from "./usage.ts";

/** The parts of a group, for each other, its commands and its console. */
export interface Parts {
  inbox: Inbox;
  outbox: Outbox;
  /** The files that it sends. */
  pins: Pins;
  transcript: Transcript;
  backlog: Backlog;
  turns: Turns;
  ledger: Ledger;
  audit: Audit;
  workspace: Workspace;
  /** Where commands run. */
  workshop: Workshop;
  skills: Skills;
  mcp: Mcp;
  /** Tasks: where they are made, their clock, their runs, and the heartbeat beside them. */
  desk: Desk;
  slots: Slots;
  runs: Runs;
  heartbeat: Heartbeat;
  /** Calls that wait for somebody's yes. */
  approvals: Approvals;
  subAgents: SubAgents;
  /** What the directory is to be told. */
  errands: Errands;
  /** Queues something that is nobody's answer, once a key. Call it inside the transaction of its cause. */
  say(key: string, text: string, thread: string, replyTo?: string): void;
  /** The same for what nobody here asked for, with files. */
  announce(key: string, text: string, files: PinnedFile[], fanOut: boolean): void;
  /** Has main told something, once a key; in main itself nothing. Call it inside the transaction of its cause. */
  tellMain(key: string, text: string): void;
  /** Arms the alarm for what is due, then starts all lanes. */
  pump(): void;
  /** A waking message was stored: it joins the running turn, or wakes one. */
  arrived(thread: string): void;
  /** Starts the lane that speaks. */
  speak(): void;
  /** Stops what runs, or one turn. False when nothing did. */
  stop(turn?: string): boolean;
  running(): boolean;
  /** The answer that is being written, as far as it is shown; empty when there is none. */
  draft(): string;
}
