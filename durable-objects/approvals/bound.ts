import { createHash } from "node:crypto";
import type { Notebook } from "../../agent/notebook.ts";
import { resolvePath } from "../../agent/paths.ts";

/** A call, and the chat that it is of. */
interface Call {
  chat: string;
  tool: string;
  /** The arguments as the model wrote them. */
  input: string;
}

/**
 * What a yes is bound to, as SHA-256 in hex: chat, tool, arguments, and the files that the call sends, as they are now.
 * A version stands for its content: it is never used twice.
 */
export function boundTo({ chat, tool, input }: Call, files: Pick<Notebook, "list">): string {
  const paths = tool === "send_message" ? attachmentsIn(input) : [];
  const versions = paths.map((path) => versionOf(path, files));
  return createHash("sha256")
    .update(JSON.stringify([chat, tool, input, ...versions]))
    .digest("hex");
}

function versionOf(path: string, files: Pick<Notebook, "list">): number {
  const place = resolvePath(path);
  if (!place.ok) return 0;
  const folder = place.absolute.slice(0, place.absolute.lastIndexOf("/"));
  return files.list(folder).find((file) => file.path === place.absolute)?.version ?? 0;
}

function attachmentsIn(input: string): string[] {
  try {
    return (JSON.parse(input).attachments ?? []).map(String);
  } catch {
    return [];
  }
}
