import * as z from "zod";
import { describeFileError } from "../notebook.ts";
import { parseSkill } from "../skills.ts";
import { defineTool, ToolError } from "./tool.ts";

/** Characters of one answer. */
const MOST = 20_000;

export const useSkill = defineTool({
  name: "use_skill",
  description: "A skill's text.",
  schema: z.object({ name: z.string() }),
  risk: "read",
  async run({ name }, { skills, notebook }) {
    const wanted = name.trim().toLowerCase();
    const skill = skills.find((each) => each.name === wanted);
    if (!skill) throw new ToolError(unknown(name, skills));
    if (skill.unmet) throw new ToolError(`${skill.name} cannot be used here: it ${skill.unmet}.`);
    // Read as every file is, so that the turn takes the label of whoever wrote it.
    const file = await notebook.read(skill.path);
    if (!file.ok) throw new ToolError(describeFileError(file));
    const read = parseSkill(skill.path, file.text);
    if (!read.ok) throw new ToolError(read.reason);
    return `(${skill.path}; its other files lie beside it)\n${capped(read.skill.text, skill.path)}`;
  },
});

function unknown(name: string, skills: readonly { name: string; unmet?: string }[]): string {
  const names = skills.filter((each) => !each.unmet).map((each) => each.name);
  const known = names.length > 0 ? ` Skills: ${names.slice(0, 60).join(", ")}.` : "";
  return `There is no skill "${name.slice(0, 80)}".${known}`;
}

function capped(text: string, path: string): string {
  if (text.length <= MOST) return text;
  return `${text.slice(0, MOST).toWellFormed()}\n[cut here; read_file ${path} has the rest]`;
}
