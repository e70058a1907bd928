import { RIGHTS_OF_AGENTS } from "./rights-of-agents.ts";
import { RIGHTS_OF_DOORS } from "./rights-of-doors.ts";

/**
 * Who acts.
 * - `owner`: who holds ADMIN_TOKEN or a console session; `visitor`: a request without either
 * - `main`, `member`: a person who may wake the assistant of a main or an ordinary group
 * - `guest`: a person in a registered group who may not wake it; `stranger`: anybody in a chat that nobody registered
 * - `bot`: another program on the platform
 * - `task`: a turn that no message woke; it also needs the right of whoever made it
 * - `agent`: another program that holds a token of this one chat
 * - `host`: this program, and what a platform's verified event says of a chat
 */
export const ROLES = [
  "owner",
  "visitor",
  "main",
  "member",
  "guest",
  "stranger",
  "bot",
  "task",
  "agent",
  "host",
] as const;
export type Role = (typeof ROLES)[number];

/** One row of the table. */
export interface Right {
  /** What it is about, for the page. */
  part: "Events" | "Commands" | "Tools" | "Across groups" | "Files" | "Tasks" | "Doors";
  /** The actions, as `keyOf` of authorize.ts writes them. */
  keys: readonly string[];
  who: readonly Role[];
  /** Refused in a turn that has read text from outside: it would carry that text, or what it asked for, elsewhere. */
  clean?: true;
  /** What may be done, for people. */
  says: string;
}

const tool = (...names: string[]) => names.map((name) => `tool:${name}`);
const command = (...names: string[]) => names.map((name) => `command:${name}`);

/** Who may do what. What does not stand here is refused. */
export const RIGHTS: readonly Right[] = [
  {
    part: "Events",
    keys: ["event:message"],
    who: ["main", "member", "guest", "bot"],
    says: "A message is stored and read as context.",
  },
  {
    part: "Events",
    keys: ["event:wake"],
    who: ["main", "member", "task"],
    says: "It starts a turn, or joins one.",
  },
  {
    part: "Events",
    keys: ["event:press"],
    who: ["main", "member"],
    says: "A button is pressed. Of an approval it counts from the chat's approvers alone.",
  },
  {
    part: "Events",
    keys: ["event:edit"],
    who: ["main", "member", "guest", "bot"],
    says: "An edit changes the stored text of the message; it is never answered.",
  },
  {
    part: "Events",
    keys: ["event:reaction"],
    who: ["main", "member", "guest", "bot"],
    says: "A reaction is stored and read as context; it never starts a turn.",
  },
  {
    part: "Events",
    keys: ["event:arrival"],
    who: ["stranger"],
    says: "A chat that speaks to the assistant waits to be registered, or gets one pairing code.",
  },
  {
    part: "Events",
    keys: ["event:migration"],
    who: ["host"],
    says: "A chat moves to another id.",
  },
  {
    part: "Commands",
    keys: command("help", "start", "status", "new", "stop", "compact", "tasks", "memory", "usage", "why"),
    who: ["main", "member"],
    says: "The commands about the own chat.",
  },
  {
    part: "Commands",
    keys: command("main"),
    who: ["main", "member", "stranger"],
    says: "`/main CODE`: the code is the proof.",
  },
  {
    part: "Commands",
    keys: command("approve", "deny"),
    who: ["main", "member"],
    says: "Answer a call that waits: the chat's approvers alone. `/approve CODE` lets a direct chat in, from main alone.",
  },
  {
    part: "Commands",
    keys: command("groups", "model", "pause", "resume"),
    who: ["main"],
    says: "The commands about other chats and the install.",
  },
  {
    part: "Tools",
    keys: tool("read_file", "list_dir", "glob", "grep", "use_skill"),
    who: ["main", "member", "task"],
    says: "Read the own group's files, the global files and the skills.",
  },
  {
    part: "Tools",
    keys: tool("web_search", "web_fetch"),
    who: ["main", "member", "task"],
    says: "Search the web and read public pages. A turn that has read text from outside opens only addresses that people wrote or that stood on what it read; any other waits for a yes.",
  },
  {
    part: "Tools",
    keys: tool("write_file", "edit_file", "bash", "spawn"),
    who: ["main", "member", "task"],
    says: "Change the own group's files, run commands on them, have sub-agents do so.",
  },
  {
    part: "Tools",
    keys: tool(
      "schedule_task",
      "list_tasks",
      "get_task",
      "update_task",
      "pause_task",
      "resume_task",
      "cancel_task",
    ),
    who: ["main", "member", "task", "agent"],
    says: "Plan and change tasks; whose, is asked below.",
  },
  {
    part: "Tools",
    keys: tool("list_groups"),
    who: ["main", "task"],
    says: "See all groups and the chats that wait.",
  },
  {
    part: "Tools",
    keys: tool("register_group", "remove_group", "configure_group"),
    who: ["main", "task"],
    clean: true,
    says: "Register, remove and configure groups.",
  },
  {
    part: "Across groups",
    keys: ["group:list"],
    who: ["owner", "main", "task", "host"],
    says: "Learn which groups and waiting chats there are. Asked again in the directory.",
  },
  {
    part: "Across groups",
    keys: ["group:register", "group:remove", "group:configure"],
    who: ["owner", "main", "task", "host"],
    clean: true,
    says: "Register, remove and configure groups, let a direct chat in. Asked again in the directory.",
  },
  {
    part: "Across groups",
    keys: ["send:other"],
    who: ["main", "task", "host"],
    clean: true,
    says: "Send a message to another group. Asked again in the directory.",
  },
  {
    part: "Across groups",
    keys: ["audit:read"],
    who: ["owner", "main"],
    says: "Read who changed what, and what was refused.",
  },
  {
    part: "Files",
    keys: ["file:restore:group"],
    who: ["owner", "main", "member"],
    says: "Bring back an older version of the own group's memory.",
  },
  {
    part: "Files",
    keys: ["file:write:global", "file:restore:global"],
    who: ["owner", "main", "task", "host"],
    clean: true,
    says: "Write the global files, and bring back older versions. Asked again in the directory.",
  },
  {
    part: "Files",
    keys: ["file:write:mount"],
    who: ["main", "member", "task"],
    clean: true,
    says: "Write in a part of the bucket that main mounted for writing: other groups may read there.",
  },
  {
    part: "Tasks",
    keys: ["task:see:group", "task:change:group"],
    who: ["owner", "main", "member", "task", "agent"],
    says: "See, make and change the own group's tasks.",
  },
  {
    part: "Tasks",
    keys: ["task:see:other"],
    who: ["owner", "main", "task"],
    says: "See another group's tasks.",
  },
  {
    part: "Tasks",
    keys: ["task:change:other"],
    who: ["owner", "main", "task"],
    clean: true,
    says: "Make and change another group's tasks.",
  },
  ...RIGHTS_OF_AGENTS,
  ...RIGHTS_OF_DOORS,
];
