import { type Action, authorizeAll } from "../agent/authorize.ts";
import type { Step } from "../agent/journal.ts";
import { describeFileError } from "../agent/notebook.ts";
import type { ToolContext } from "../agent/tools/tool.ts";
import { embeddedShell } from "../sandbox/embedded.ts";
import { actorsOf } from "./actors.ts";
import type { DirectoryStub } from "./admission.ts";
import { bundledSkills } from "./bundled-skills.ts";
import { reachOf } from "./hands.ts";
import type { Parts } from "./parts.ts";
import { recall } from "./recall.ts";
import type { Room } from "./room.ts";
import { taskTools } from "./tasks/task-tools.ts";
import { authorOf } from "./turn-author.ts";
import type { TurnJournal } from "./turn-journal.ts";
import { TurnNotebook } from "./turn-notebook.ts";
import { lower } from "./turn-trust.ts";
import type { TurnRow } from "./turns.ts";
import { webOf } from "./web.ts";

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
  const author = authorOf(room, parts, turn);
  const actors = () => actorsOf(room, parts.inbox, turn);
  const refused = (what: string, why: string) => parts.audit.refused(actors(), `${step.name} ${what}`, why);
  const whyNot = (scope: "global" | "mount") => {
    const verdict = authorizeAll(actors(), { kind: "file", verb: "write", scope }, turn.trust);
    return verdict.ok ? undefined : verdict.reason;
  };
  const notebook = new TurnNotebook(parts.workspace, {
    whyNot,
    outside: () => lower(room, turn, "outside"),
    refused: (error) => refused(error.path, describeFileError(error)),
    wrote: (path) => parts.audit.record(author.by, `changed ${path}`, `${step.name}, ${turn.trust}`),
  });
  const isRefused = (action: Action, what: string) => {
    const verdict = authorizeAll(actors(), action, turn.trust);
    if (!verdict.ok) refused(what, verdict.reason);
    return verdict.ok ? undefined : verdict.reason;
  };
  const asking = () => ({
    address: room.address,
    who: actors()
      .map(({ id }) => id)
      .join(", "),
  });
  return {
    notebook,
    shell: parts.workshop.shell(
      notebook,
      {
        reach: reachOf(room, turn),
        env: room.settings?.env,
        outside: () => lower(room, turn, "outside"),
      },
      embeddedShell(notebook, {
        now: room.now,
        refused: (path, why) => refused(path, why),
      }),
    ),
    author,
    timezone: room.timezone,
    now: room.now,
    signal,
    limits: { execTimeoutMs: room.config.EXEC_TIMEOUT * 1000 },
    recall: (query, limit) => {
      const found = recall(parts, query, limit);
      if (found.some((hit) => hit.outside)) lower(room, turn, "outside");
      return found;
    },
    sendMessage: async (text, to, commit) =>
      isOwn(room, to)
        ? sendHere(room, parts, turn, step, { text, commit })
        : (isRefused({ kind: "send", scope: "other" }, `to ${to}`) ??
          sendThere(room, directory, step, { text, to: to!, commit })),
    groups: {
      register: (name, folder) => directory.register(name, asking(), folder),
      remove: (name) => directory.remove(name, asking()),
      configure: (name, settings) => directory.configure(name, settings, asking()),
      show: async (name) => (await directory.show(name, asking())).said,
      list: () => directory.describeGroups(room.address),
    },
    web: webOf(room, turn, signal, refused),
    skills: bundledSkills(),
    tasks: taskTools(room, parts, directory, turn, step, isRefused),
    settle: (result) => journal.finishTool(step.id, result),
  };
}

function isOwn(room: Room, to: string | undefined): boolean {
  return !to || to === room.address || to === room.settings?.name;
}

/** To the own chat, in the step's transaction. */
async function sendHere(
  room: Room,
  parts: Parts,
  turn: TurnRow,
  step: Step,
  { text, commit }: { text: string; commit: () => void },
): Promise<undefined> {
  room.transaction(() => {
    const id = room.newId();
    const { thread, session, trust, trace } = turn;
    parts.outbox.say({ key: `step:${step.id}`, text, thread, turn: turn.id, trust, trace }, id);
    parts.transcript.addOurs({ id, text, thread, session, turn: turn.id, trust });
    commit();
  });
  parts.speak();
}

/** To another group, whose object queues it once a key. The directory asks again who may. */
async function sendThere(
  room: Room,
  directory: DirectoryStub,
  step: Step,
  { text, to, commit }: { text: string; to: string; commit: () => void },
): Promise<string | undefined> {
  const target = await directory.find(to, room.address);
  if (!target?.registered) return `There is no registered group called "${to}". Use list_groups.`;
  await room.env.GROUP.getByName(target.address).notify(`step:${step.id}`, text);
  commit();
}
