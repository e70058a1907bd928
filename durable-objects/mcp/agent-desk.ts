import { authorizeAll } from "../../agent/authorize.ts";
import type { Step } from "../../agent/journal.ts";
import { agentTools } from "../../agent/tools/for-agents.ts";
import { prepare, rightOf } from "../../agent/tools/index.ts";
import { type Tool, ToolError } from "../../agent/tools/tool.ts";
import type { DirectoryStub } from "../admission.ts";
import { hold } from "../approvals/hold.ts";
import { actorsOf } from "../messages/actors.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import { openBrain } from "../turns/brain.ts";
import { toolContext } from "../turns/tool-context.ts";
import { TurnJournal } from "../turns/turn-journal.ts";
import type { TurnRow } from "../turns/turns.ts";

/** A call of another agent, which came with a token of this chat. */
export interface AgentCall {
  /** The token's id. */
  token: string;
  tool: string;
  args: Record<string, unknown>;
}

/** What it is answered, in words. */
export interface AgentAnswer {
  ok: boolean;
  said: string;
}

/** Calls of one token in a minute. */
const MOST = 60;
const MINUTE_MS = 60_000;
/** Milliseconds of one call. */
const TIMEOUT_MS = 30_000;

/**
 * What other agents ask of a chat over MCP. A call is a turn of one step that nobody claims: written down before it
 * runs, with the tools, rights and labels of every other turn. What it says comes from outside.
 */
export class AgentDesk {
  readonly #room: Room;
  readonly #parts: Parts;
  readonly #directory: () => DirectoryStub;
  readonly #calls = new Map<string, number[]>();

  constructor(room: Room, parts: Parts, directory: () => DirectoryStub) {
    this.#room = room;
    this.#parts = parts;
    this.#directory = directory;
  }

  /** Runs a call. Throws only where the host itself failed. */
  async call({ token, tool: name, args }: AgentCall): Promise<AgentAnswer> {
    if (!this.#room.registered) return refuse("This chat is not registered any more.");
    if (!this.#counts(token)) return refuse(`More than ${MOST} calls in a minute. Wait and try again.`);
    const call = prepare({ name, arguments: JSON.stringify(args) }, agentTools);
    if (!call.ok) return refuse(call.error);
    if (this.#room.paused && call.tool.risk !== "read") return refuse("This chat is paused.");
    return this.#run(token, call.tool, call.args);
  }

  async #run(token: string, tool: Tool, args: unknown): Promise<AgentAnswer> {
    const { turn, step } = this.#parts.turns.recordCall(`mcp:${token}`, tool, JSON.stringify(args));
    const actors = actorsOf(this.#room, this.#parts.inbox, turn);
    const verdict = authorizeAll(actors, rightOf(tool), turn.trust);
    const journal = new TurnJournal(
      this.#room,
      this.#parts.ledger,
      turn.id,
      "main",
      openBrain(this.#room).choice,
      NOTHING,
    );
    if (!verdict.ok) {
      this.#parts.audit.refused(actors, tool.name, verdict.reason);
      return this.#end(journal, step, refuse(verdict.reason));
    }
    // People are asked here as about every other call: once one of them says yes, a turn of the chat runs it.
    const held = hold(this.#room, this.#parts, journal, { turn, tool, args, step });
    if (held) return { ok: true, said: held };
    return this.#end(journal, step, await this.#execute(tool, args, turn, journal, step));
  }

  #end(journal: TurnJournal, step: Step, answer: AgentAnswer): AgentAnswer {
    journal.finishTool(step.id, answer.said);
    this.#parts.pump();
    return answer;
  }

  async #execute(
    tool: Tool,
    args: unknown,
    turn: TurnRow,
    journal: TurnJournal,
    step: Step,
  ): Promise<AgentAnswer> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const context = toolContext(this.#room, this.#parts, this.#directory(), turn, journal, step, signal);
    try {
      return { ok: true, said: await tool.run(args as never, context) };
    } catch (error) {
      if (error instanceof ToolError) return refuse(error.message);
      this.#end(journal, step, refuse(`The tool failed: ${error instanceof Error ? error.message : error}`));
      throw error;
    }
  }

  /** Whether a token may call once more now. Forgotten with the object's memory: it bounds load, nothing else. */
  #counts(token: string): boolean {
    const now = this.#room.now();
    const recent = (this.#calls.get(token) ?? []).filter((at) => at > now - MINUTE_MS);
    this.#calls.set(token, recent);
    return recent.length < MOST && recent.push(now) > 0;
  }
}

const NOTHING = { usd: 0, tokens: 0 };

function refuse(said: string): AgentAnswer {
  return { ok: false, said };
}
