import type { Action } from "../../agent/authorize.ts";
import type { Step } from "../../agent/journal.ts";
import type { TaskAnswer, TaskRequest, Tasks } from "../../agent/tasks.ts";
import type { Trust } from "../../agent/trust.ts";
import type { DirectoryStub } from "../admission.ts";
import { madeByMain, NOBODY, rootOf } from "../messages/actors.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import { lower } from "../turns/turn-trust.ts";
import type { TurnRow } from "../turns/turns.ts";
import type { Asker } from "./asker.ts";

/** Answers why an action is refused, and records it. */
type IsRefused = (action: Action, what: string) => string | undefined;

/** The tasks as a turn's tools reach them: the own group's in the step's transaction, others' over their objects. */
export function taskTools(
  room: Room,
  parts: Parts,
  directory: DirectoryStub,
  turn: TurnRow,
  step: Step,
  isRefused: IsRefused,
): Tasks {
  return {
    async ask(request, group, commit) {
      const asker = askerOf(room, parts, turn, step);
      const own = !group || isHere(room, group);
      const verb = request.verb === "list" || request.verb === "get" ? "see" : "change";
      const action = { kind: "task", verb, scope: own ? "group" : "other" } as const;
      const refusal = isRefused(action, own ? request.verb : `${request.verb} in ${group}`);
      if (refusal) return { ok: false, said: refusal };
      const weigh = (answer: TaskAnswer) => lower(room, turn, own ? "owner" : "member", ...labelsOf(answer));
      if (own) return here(room, parts, request, asker, weigh, commit);
      const isAll = group.toLowerCase() === "all";
      const answer = await (isAll
        ? all(room, directory, request, asker)
        : there(room, directory, group, request, asker));
      weigh(answer);
      return answer;
    },
  };
}

/** What tasks say was written by whoever made them, and their results by what their runs read. */
function labelsOf({ tasks = [], runs = [] }: TaskAnswer): Trust[] {
  return [...tasks, ...runs].map(({ outside }) => (outside ? "outside" : "owner"));
}

/** A change, its audit and the step's end are one transaction. */
function here(
  room: Room,
  parts: Parts,
  request: TaskRequest,
  asker: Asker,
  weigh: (answer: TaskAnswer) => void,
  commit: (said: string) => void,
): TaskAnswer {
  const answer = room.transaction(() => {
    const answer = parts.desk.ask(request, asker);
    weigh(answer);
    if (answer.ok) commit(answer.said);
    return answer;
  });
  parts.pump();
  return answer;
}

/** The directory says whether this chat is main, and which group is meant. */
async function there(
  room: Room,
  directory: DirectoryStub,
  group: string,
  request: TaskRequest,
  asker: Asker,
): Promise<TaskAnswer> {
  const target = await directory.find(group, room.address);
  if (!target?.registered)
    return { ok: false, said: `There is no registered group called "${group}". Use list_groups.` };
  const answer = await room.env.GROUP.getByName(target.address).tasks(request, { ...asker, thread: "" });
  return { ...answer, said: `${target.name}: ${answer.said}` };
}

/** Every group's tasks, in main. */
async function all(
  room: Room,
  directory: DirectoryStub,
  request: TaskRequest,
  asker: Asker,
): Promise<TaskAnswer> {
  if (request.verb !== "list") return { ok: false, said: "Name one group; only list_tasks takes all." };
  const { groups, more } = await directory.byDue(room.address);
  const answers = await Promise.all(
    groups.map(async ({ address, name }) => {
      try {
        const { said, tasks = [] } = await room.env.GROUP.getByName(address).tasks(request, asker);
        return { said: tasks.length > 0 ? `${name}:\n${said}` : "", tasks };
      } catch (error) {
        room.report("a group's tasks could not be listed", error);
        return { said: `${name}: did not answer.`, tasks: [] };
      }
    }),
  );
  const rest = more > 0 ? `[${more} more groups were not asked; name one, list_groups shows them]` : "";
  const none = more > 0 ? "None of the first groups has tasks." : "No group has tasks.";
  const said = answers.map(({ said }) => said).filter(Boolean);
  return {
    ok: true,
    said: [said.join("\n\n") || none, rest].filter(Boolean).join("\n\n"),
    tasks: answers.flatMap(({ tasks }) => tasks),
  };
}

function isHere(room: Room, group: string): boolean {
  return group === room.address || group.toLowerCase() === room.settings?.name.toLowerCase();
}

/** Who asks: the people of the turn, or whoever made the task whose run it is. */
function askerOf(room: Room, parts: Parts, turn: TurnRow, step: Step): Asker {
  const root = rootOf(room, turn);
  const speakers = parts.inbox.speakers(root.id);
  const maker = root.run ? parts.runs.task(parts.runs.get(root.run)?.task ?? "") : undefined;
  return {
    id: speakers[0]?.id ?? maker?.byId ?? NOBODY,
    name:
      speakers.map(({ name }) => name).join(", ") ||
      maker?.byName ||
      (root.kind === "agent" ? "another agent" : "the assistant"),
    from: room.address,
    main: room.main && madeByMain(room, turn),
    agent: true,
    trust: turn.trust,
    thread: turn.thread,
    key: `step:${step.id}`,
    trace: turn.trace,
  };
}
