import type { Step } from "../agent/journal.ts";
import { GLOBAL, HOME } from "../agent/notebook.ts";
import type { Recalled, ToolContext } from "../agent/tools/tool.ts";
import { embeddedShell } from "../sandbox/embedded.ts";
import type { DirectoryStub } from "./admission.ts";
import type { Parts } from "./group.ts";
import type { Room } from "./room.ts";
import { termsOf } from "./search-text.ts";
import type { TurnJournal } from "./turn-journal.ts";
import type { TurnRow } from "./turns.ts";

/** What one tool call may use. Made anew for each call: its `settle` belongs to this step alone. */
export function toolContext(
  room: Room,
  parts: Parts,
  directory: DirectoryStub,
  turn: TurnRow,
  journal: TurnJournal,
  step: Step,
  signal: AbortSignal,
): ToolContext {
  const speakers = speakersOf(parts, turn);
  const author = {
    by: "agent",
    name: speakers.map((speaker) => speaker.name).join(", ") || "agent",
    trust: turn.trust,
  };
  return {
    notebook: parts.workspace,
    shell: embeddedShell(parts.workspace, { main: room.main, now: room.now }),
    rights: { main: room.main, speakers },
    author,
    timezone: room.timezone,
    now: room.now,
    signal,
    limits: { execTimeoutMs: room.config.EXEC_TIMEOUT * 1000 },
    recall: (query, limit) => recall(room, parts, query, limit),
    sendMessage: (text, to, commit) => sendMessage(room, parts, directory, turn, step, { text, to, commit }),
    groups: {
      register: (name) => directory.register(name, room.address),
      remove: (name) => directory.remove(name, room.address),
      list: () => directory.describeGroups(),
    },
    settle: (result) => journal.finishTool(step.id, result),
  };
}

function speakersOf(parts: Parts, turn: TurnRow): { id: string; name: string }[] {
  const waking = parts.inbox.of(turn.id).filter((row) => row.wakes);
  return [
    ...new Map(waking.map((row) => [row.senderId, { id: row.senderId, name: row.senderName }])).values(),
  ];
}

/** The chat's full text first, then lines of the memory files that hold a term of the question. */
function recall(_room: Room, parts: Parts, query: string, limit: number): Recalled[] {
  const said = parts.transcript.search(query, limit);
  const terms = termsOf(query).map((term) => term.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (terms.length === 0) return said;
  const pattern = new RegExp(terms.join("|"), "iu");
  const memory = [HOME, GLOBAL].flatMap((folder) => parts.workspace.search(pattern, folder, limit));
  const lines = memory.filter((hit) => /\/(MEMORY\.md|memory\/[^/]+\.md)$/.test(hit.path));
  return [...lines.map((hit) => ({ at: 0, who: "memory", text: hit.text, source: hit.path })), ...said].slice(
    0,
    limit,
  );
}

/** To the own chat at once, in the step's transaction; main may name another group, whose object queues it by key. */
async function sendMessage(
  room: Room,
  parts: Parts,
  directory: DirectoryStub,
  turn: TurnRow,
  step: Step,
  message: { text: string; to: string | undefined; commit: () => void },
): Promise<string | undefined> {
  const key = `step:${step.id}`;
  const own = !message.to || message.to === room.address || message.to === room.settings?.name;
  if (own) {
    room.transaction(() => {
      const id = room.newId();
      const { thread, session, trust, trace } = turn;
      parts.outbox.say({ key, text: message.text, thread, turn: turn.id, trust, trace }, id);
      parts.transcript.addOurs({ id, text: message.text, thread, session, turn: turn.id, trust });
      message.commit();
    });
    parts.speak();
    return undefined;
  }
  if (!room.main) return "Only main may send to another group. Leave `to` out to send here.";
  const target = await directory.find(message.to!);
  if (!target?.registered) return `There is no registered group called "${message.to}". Use list_groups.`;
  await room.env.GROUP.getByName(target.address).notify(key, message.text);
  message.commit();
  return undefined;
}
