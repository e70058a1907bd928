import { type AnswerFile, readAnswer } from "../../agent/mcp/answer.ts";
import { withoutSecrets } from "../../agent/mcp/servers.ts";
import type { Author } from "../../agent/notebook.ts";
import { describeFileError, type Notebook } from "../../agent/notebook.ts";
import { KEPT_IN } from "../../agent/outside-names.ts";
import { ToolError } from "../../agent/tools/tool.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import { lower } from "../turns/turn-trust.ts";
import type { TurnRow } from "../turns/turns.ts";

/** Files of answers and long outputs of the shell that are kept. */
const KEPT = 20;

interface Call {
  server: string;
  tool: string;
  args: Record<string, unknown>;
}

/** Calls an MCP server's tool for a turn, which has read text from outside from then on, also where it failed. */
export async function callMcp(
  room: Room,
  parts: Parts,
  turn: TurnRow,
  { server, tool, args }: Call,
  {
    notebook,
    author,
    signal,
    step,
  }: { notebook: Notebook; author: Author; signal: AbortSignal; step: string },
): Promise<string> {
  parts.audit.record(author.by, `called ${server}__${tool}`, `${JSON.stringify(args)} (${turn.trust})`);
  const known = room.config.mcpServers.find(({ name }) => name === server);
  const clean = (text: string) => (known ? withoutSecrets(text, known) : text);
  try {
    const answer = await parts.mcp.call(turn.id, server, tool, args, signal);
    const place = (name: string) => `${KEPT_IN}/${step.replace(/[^\w]/g, "-")}-${name}`;
    const { text, files } = readAnswer(answer, place);
    lower(room, turn, "outside");
    const note = files.length > 0 ? await save(files, place, notebook, author) : "";
    if (answer.isError) throw new ToolError(clean(`${server} says: ${text}`));
    return clean(text) + note;
  } catch (error) {
    lower(room, turn, "outside");
    if (error instanceof ToolError) throw new ToolError(clean(error.message));
    throw error;
  }
}

/** Keeps the files of an answer; the oldest of the folder make room. Answers what to add where that failed. */
async function save(
  files: readonly AnswerFile[],
  place: (name: string) => string,
  notebook: Notebook,
  author: Author,
): Promise<string> {
  const changes = files.map(({ name, bytes }) => ({ path: place(name), content: bytes }));
  const older = notebook.list(KEPT_IN).sort((a, b) => a.updatedAt - b.updatedAt);
  const surplus = older.slice(0, Math.max(0, older.length + files.length - KEPT));
  const gone = surplus.map(({ path }) => ({ path, remove: true as const }));
  const written = await notebook.write([...gone, ...changes], author);
  return written.ok ? "" : `\n(The files were not saved: ${describeFileError(written)})`;
}
