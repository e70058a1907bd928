import picomatch from "picomatch";
import * as z from "zod";
import { describeFileError } from "../notebook.ts";
import { resolvePath } from "../paths.ts";
import { defineTool, ToolError } from "./tool.ts";

const MOST = 200;

export const glob = defineTool({
  name: "glob",
  description: "Find files by name pattern, e.g. **/*.md.",
  schema: z.object({ pattern: z.string().min(1).max(200), path: z.string().default(".") }),
  risk: "read",
  async run({ pattern, path }, { notebook, outside }) {
    const place = resolvePath(path);
    if (!place.ok) throw new ToolError(describeFileError(place));
    const matches = matcher(pattern, place.absolute);
    const found = notebook.list(place.absolute).filter((file) => matches(file.path));
    if (found.length === 0) return `No file under ${place.absolute} matches ${pattern}.`;
    if (found.slice(0, MOST).some((file) => file.outside)) outside();
    const more = found.length > MOST ? `\n[${found.length - MOST} more; narrow the pattern]` : "";
    return (
      found
        .slice(0, MOST)
        .map((file) => file.path)
        .join("\n") + more
    );
  },
});

/** A pattern without a slash is about names in any folder, as people mean it. */
function matcher(pattern: string, folder: string): (path: string) => boolean {
  const options = { dot: true, maxLength: 200 };
  const relative = picomatch(pattern.includes("/") ? pattern : `**/${pattern}`, options);
  const absolute = picomatch(pattern, options);
  return (path) => relative(path.slice(folder.length + 1)) || absolute(path);
}
