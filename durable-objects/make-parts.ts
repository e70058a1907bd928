import { Approvals } from "./approvals/approvals.ts";
import { Audit } from "./audit.ts";
import { Errands } from "./errands.ts";
import { openWorkspace } from "./files/workspace.ts";
import { Mcp } from "./mcp/mcp.ts";
import { Backlog } from "./messages/backlog.ts";
import { Inbox } from "./messages/inbox.ts";
import { Transcript } from "./messages/transcript.ts";
import { Outbox, type Saying } from "./outbox/outbox.ts";
import { Pins } from "./outbox/pins.ts";
import { fileRefusals } from "./outbox/refused-files.ts";
import type { Parts } from "./parts.ts";
import type { Room } from "./room.ts";
import { Skills } from "./skills/skills.ts";
import { SubAgents } from "./sub-agents/sub-agents.ts";
import { Desk } from "./tasks/desk.ts";
import { Heartbeat } from "./tasks/heartbeat.ts";
import { Runs } from "./tasks/runs.ts";
import { Slots } from "./tasks/slots.ts";
import { Turns } from "./turns/turns.ts";
import { Workshop } from "./turns/workshop.ts";
import { Ledger } from "./usage.ts";

/** What the crew does for the parts. */
type Calls = Pick<Parts, "pump" | "arrived" | "speak" | "stop" | "running" | "draft">;

/** Puts a group's parts together, each with those that it works with. */
export function makeParts(room: Room, calls: Calls): Parts {
  const inbox = new Inbox(room);
  const pins = new Pins(room);
  const outbox = new Outbox(room, pins, (row, files, why) => tellRefused(row, files, why));
  const transcript = new Transcript(room, inbox);
  const backlog = new Backlog(room, inbox, transcript);
  const ledger = new Ledger(room);
  const turns = new Turns(room, inbox, transcript, backlog, ledger);
  const workspace = openWorkspace(room);
  const errands = new Errands(room);
  const notice = (saying: Saying) => {
    const id = outbox.say(saying);
    if (!id) return;
    const { text, thread, files = [] } = saying;
    const session = transcript.session(thread).id;
    transcript.addOurs({ id, role: "notice", text, thread, session, extra: { files } });
  };
  const say = (key: string, text: string, thread: string, replyTo?: string) =>
    notice({ key, text, thread, ...(replyTo ? { replyTo } : {}) });
  const announce: Parts["announce"] = (key, text, files, fanOut) =>
    notice({ key, text, thread: "", files, fanOut });
  const tellRefused = fileRefusals(room, transcript, say);
  const tellMain = (key: string, text: string) => errands.tellMain(key, text);
  const stop = (turn: string) => void calls.stop(turn);
  const runs = new Runs(room, { outbox, transcript, turns, ledger, say, tellMain, stop });
  const slots = new Slots(room, runs, say);
  const audit = new Audit(room);
  const desk = new Desk(room, runs, slots, audit);
  const heartbeat = new Heartbeat(room, { turns, runs, workspace });
  const approvals = new Approvals(room, { workspace, outbox, transcript, turns, audit, say });
  const subAgents = new SubAgents(room, { turns, say, pump: calls.pump, stop: calls.stop });
  const people = { inbox, outbox, pins, transcript, backlog, turns, ledger, audit, workspace };
  const workshop = new Workshop(room);
  const abilities = { skills: new Skills(room, workspace, workshop), mcp: new Mcp(room) };
  const work = { workshop, approvals, subAgents, ...abilities };
  const time = { desk, slots, runs, heartbeat };
  return { ...people, ...work, ...time, errands, say, announce, tellMain, ...calls };
}
