import type { Hours, Mount } from "../agent/group-settings.ts";
import type { MemoryAnswer, MemoryRequest } from "../agent/memory.ts";
import type { SkillAnswer, SkillRequest } from "../agent/skill-requests.ts";
import type { TaskAnswer, TaskRequest } from "../agent/tasks.ts";
import type { Address, Chat, Inbound } from "../channels/channel.ts";
import type { ShownMessage } from "../channels/web/frames.ts";
import type { Decided, Relayed } from "./approvals/approvals.ts";
import type { Decider } from "./approvals/schema.ts";
import type { ShownApproval } from "./approvals/shown.ts";
import type { Answer } from "./approvals/words.ts";
import type { HandedOver } from "./files/hand-over.ts";
import type { MemoryAsker } from "./files/memory.ts";
import type { AgentAnswer, AgentCall } from "./mcp/agent-desk.ts";
import type { McpView } from "./mcp/mcp-view.ts";
import type { PinnedFile } from "./outbox/pins.ts";
import type { Asker } from "./tasks/asker.ts";

/** What `receive` did with an event. It returns only after the event is stored. */
export interface Receipt {
  /** `accepted`: stored and it will end in one terminal state. `duplicate`: seen before. `dropped`: refused by a rule. */
  outcome: "accepted" | "duplicate" | "dropped";
  id?: string;
  reason?: string;
  /** Nothing is going to be said to it. */
  quiet?: true;
}

/** A group's settings; the directory is their owner, the group keeps a copy with its version. */
export interface GroupSettings {
  version: number;
  address: Address;
  name: string;
  folder: string;
  registered: boolean;
  main: boolean;
  type: Chat["type"];
  /** What a message must start with; undefined: `@` + ASSISTANT_NAME. */
  trigger?: string;
  requiresTrigger: boolean;
  /** IANA zone; undefined: the install's. */
  timezone?: string;
  /** Overrides `MODEL`. */
  model?: string;
  /** Seconds; overrides `HEARTBEAT_INTERVAL`, 0 is off. */
  heartbeatInterval?: number;
  /** The heartbeat beats between these times of a zone (the group's). */
  activeHours?: Hours;
  /** Ids of the people who may wake the assistant, `telegram:1001` or `1001`. Undefined: everyone; empty: nobody. */
  allow?: string[];
  /** `drop`: what people say who may not wake it is not stored. Undefined: it is context. */
  mode?: "drop";
  mounts?: Mount[];
  /** Hosts that its commands may reach, as `readEgress` reads them. Undefined: the standard ones. */
  egress?: string;
  /** Variables of its commands, each `NAME=value`. */
  env?: string[];
  /** Names of MCP servers that are on, or `all`. Undefined: all in main, none elsewhere. */
  mcp?: string[];
  /** Override `BUDGET_GROUP_USD` and `BUDGET_GROUP_TOKENS`. */
  budgetUsd?: number;
  budgetTokens?: number;
  /** Seconds; overrides `TURN_TIMEOUT`. */
  turnTimeout?: number;
  /** Main chose the name; else it follows the chat's title. */
  named?: true;
  /** The group whose folder this one took over, as main let it. */
  adoptedFrom?: Address;
  /** Turns and tasks wait until main resumes them. */
  paused?: boolean;
  /** Tools and commands that wait for somebody's yes, and the ids of who may say it. Undefined: none, and main. */
  approval?: string[];
  approvers?: string[];
}

/** What `/status` and `nanoflare status` show of a group. */
export interface GroupStatus {
  address: string;
  name: string;
  registered: boolean;
  main: boolean;
  model: string;
  why: string;
  /** Who writes down voice messages, or `not set up`. */
  voice: string;
  /** Who searches the web, or `not set up`. */
  search: string;
  /** Where commands run. */
  shell: string;
  /** Messages accepted and not yet in a terminal state. */
  waiting: number;
  running: boolean;
  /** Sends that are queued or on their way. */
  outbox: number;
  /** Sends that ended `failed` or `unknown` and were not resent. */
  deadLetters: number;
  lastError?: string;
  /** Milliseconds since the epoch; so the next one, of the event that was stored last. */
  lastErrorAt?: number;
  lastEventAt?: number;
  /** Spent today by this group, in USD and tokens. */
  spentUsd: number;
  spentTokens: number;
  files: number;
  /** Calls that wait for somebody's yes, and sub-agents that work, in a few words each. */
  approvals: string[];
  subAgents: string[];
  /** MCP servers that are on here, with their state; absent without any. */
  mcp?: string[];
}

/** A send that an operator should see. */
export interface DeadLetter {
  id: string;
  state: "failed" | "unknown";
  text: string;
  reason: string;
  /** Milliseconds since the epoch. */
  at: number;
}

/** Who changed what in a group, or was refused. */
export interface AuditEntry {
  id: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** Ids with their channel, e.g. `telegram:1001`; several where they spoke in one turn. */
  who: string;
  what: string;
  detail: string;
}

/** The verbs of a group's object, as the doors call them. A WebSocket upgrade goes through `fetch`. */
export interface GroupVerbs {
  receive(event: Inbound): Promise<Receipt>;
  /** Stops the running turn. True when one ran. */
  stop(): Promise<boolean>;
  status(): Promise<GroupStatus>;
  history(range: { before?: string; after?: string; limit: number }): Promise<ShownMessage[]>;
  /** Takes over settings if their version is newer. */
  configure(settings: GroupSettings): Promise<void>;
  /**
   * Says something that is nobody's answer, with files of the group that asks; once a key. With `fanOut` [true] it takes
   * its turn among all that the bot sends to many; without, somebody waits for it.
   */
  notify(key: string, text: string, files?: PinnedFile[], fanOut?: boolean): Promise<void>;
  /** The watchdog's knock: takes up what is due and arms the alarm. */
  wake(): Promise<void>;
  /** The companion is back: what waits for it goes out. */
  companionBack(): Promise<void>;
  deadLetters(): Promise<DeadLetter[]>;
  /** Queues a dead letter again. False when there is none with that id. */
  resend(id: string): Promise<boolean>;
  /** Tasks, for main elsewhere and for the owner's doors. */
  tasks(request: TaskRequest, asker: Asker): Promise<TaskAnswer>;
  /** Main is asked about another chat's call, once. */
  askApproval(call: Relayed): Promise<void>;
  /** A call that main was asked about is over. */
  settleApproval(origin: Address, number: number, how: Pick<Decided, "state" | "by">): Promise<void>;
  /** Answers a call that waits here. `from`: the chat in which it was said, or `console`. */
  decideApproval(answer: Answer, by: Decider, from: string): Promise<Decided>;
  /** Calls that wait for a yes, and the last ones that did. */
  approvals(): Promise<ShownApproval[]>;
  heartbeat(verb: "now" | "status"): Promise<string>;
  /** Memory files, their versions and bringing one back, for the owner's doors, which checked who asks. */
  memory(request: MemoryRequest, asker: MemoryAsker): Promise<MemoryAnswer>;
  /** How the MCP servers are for this group; `ask`: those that are on are asked anew. */
  mcp(ask: boolean): Promise<McpView[]>;
  /** A call of another agent, which came with a token of this chat. */
  agentCall(call: AgentCall): Promise<AgentAnswer>;
  /** Skills, for the owner's doors, which checked who asks. */
  skills(request: SkillRequest): Promise<SkillAnswer>;
  /** Files of this folder from a path on, for the group that adopts it as main let it. */
  handOver(after: string): Promise<HandedOver>;
  /** The heir has all files of this folder, which is not this group's any more: it forgets them. May be repeated. */
  release(folder: string, settings: GroupSettings): Promise<void>;
  /** The newest entries of the group's audit first. */
  audit(limit: number): Promise<AuditEntry[]>;
}
