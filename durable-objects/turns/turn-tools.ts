import { agentTools } from "../../agent/tools/for-agents.ts";
import { inContainer, tools, toolsFor } from "../../agent/tools/index.ts";
import type { Tool } from "../../agent/tools/tool.ts";
import { madeByMain, rootOf } from "../messages/actors.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import type { TurnRow } from "./turns.ts";

/**
 * The tools of a turn: those that may be called, and those that its model is told of. `main`: it has main's rights;
 * `servers`: those of MCP servers come to them.
 */
export function toolsOf(
  room: Room,
  parts: Parts,
  turn: TurnRow,
): { own: Tool[]; shown: Tool[]; main: boolean; servers: boolean } {
  // An approved call of another agent goes on with what that agent has.
  if (rootOf(room, turn).kind === "agent")
    return { own: agentTools, shown: agentTools, main: false, servers: false };
  const main = room.main && madeByMain(room, turn);
  const shown = withoutSpawn(toolsFor(main), turn);
  const own = withoutSpawn(tools, turn);
  return { own, shown: parts.workshop.isContainer ? inContainer(shown) : shown, main, servers: true };
}

/** A sub-agent has no sub-agents. */
function withoutSpawn(list: Tool[], { kind }: TurnRow): Tool[] {
  return kind === "sub-agent" ? list.filter(({ name }) => name !== "spawn") : list;
}
