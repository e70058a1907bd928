import { type Action, authorizeAll } from "../../agent/authorize.ts";
import type { Step } from "../../agent/journal.ts";
import { describeFileError } from "../../agent/notebook.ts";
import type { ToolContext } from "../../agent/tools/tool.ts";
import { embeddedShell } from "../../sandbox/embedded.ts";
import type { DirectoryStub } from "../admission.ts";
import { TurnNotebook } from "../files/turn-notebook.ts";
import { callMcp } from "../mcp/mcp-calls.ts";
import { actorsOf } from "../messages/actors.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import { taskTools } from "../tasks/task-tools.ts";
import { recall } from "./recall.ts";
import { sender } from "./sending.ts";
import { authorOf } from "./turn-author.ts";
import type { TurnJournal } from "./turn-journal.ts";
import { lower } from "./turn-trust.ts";
import type { TurnRow } from "./turns.ts";
import { webOf } from "./web.ts";
import { reachOf } from "./workshop.ts";

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
  const outside = () => lower(room, turn, "outside");
  const actors = () => actorsOf(room, parts.inbox, turn);
  const refused = (what: string, why: string) => parts.audit.refused(actors(), `${step.name} ${what}`, why);
  const whyNot = (scope: "global" | "mount") => {
    const verdict = authorizeAll(actors(), { kind: "file", verb: "write", scope }, turn.trust);
    return verdict.ok ? undefined : verdict.reason;
  };
  const notebook = new TurnNotebook(parts.workspace, {
    whyNot,
    outside,
    refused: (error) => refused(error.path, describeFileError(error)),
    wrote: (path) => parts.audit.record(author.by, `changed ${path}`, `${step.name}, ${turn.trust}`),
  });
  // What a turn with text from outside may not do it may do where somebody looked at this very call.
  const isGranted = parts.approvals.granted(turn, step) !== undefined;
  const isRefused = (action: Action, what: string) => {
    const verdict = authorizeAll(actors(), action, isGranted ? undefined : turn.trust);
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
      { reach: reachOf(room, turn), env: room.settings?.env, outside },
      embeddedShell(notebook, { outside, refused: (path, why) => refused(path, why) }),
    ),
    author,
    outside,
    timezone: room.timezone,
    now: room.now,
    signal,
    limits: { execTimeoutMs: room.config.EXEC_TIMEOUT * 1000 },
    recall: (query, limit) => {
      const found = recall(parts, query, limit);
      if (found.some((hit) => hit.outside)) outside();
      return found;
    },
    sendMessage: sender({
      ...{ room, parts, directory, turn, step, notebook },
      refusal: (to) => isRefused({ kind: "send", scope: "other" }, `to ${to}`),
    }),
    groups: {
      register: async (name, folder) => (await directory.register(name, asking(), folder)).said,
      remove: async (name) => (await directory.remove(name, asking())).said,
      configure: async (name, settings) => (await directory.configure(name, settings, asking())).said,
      show: async (name) => (await directory.show(name, asking())).said,
      list: () => directory.describeGroups(room.address),
    },
    web: webOf(room, turn, signal, refused, isGranted),
    callMcp: (server, tool, args) =>
      callMcp(room, parts, turn, { server, tool, args }, { notebook, author, signal, step: step.id }),
    skills: parts.skills.all(parts.mcp.toolNames()).skills,
    tasks: taskTools(room, parts, directory, turn, step, isRefused),
    spawn: (work, commit) => parts.subAgents.spawn({ ...work, turn, step }, commit),
    settle: (result) => journal.finishTool(step.id, result),
  };
}
