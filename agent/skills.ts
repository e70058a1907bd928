import { parse } from "yaml";
import * as z from "zod";
import { fileBlock } from "./prompt-files.ts";

/** Instructions for a kind of work, written as a SKILL.md. */
export interface Skill {
  name: string;
  /** One line: what it is for. */
  description: string;
  /** Its whole text stands in every prompt. */
  always: boolean;
  /** Where it lies: in the workspace, or in the program. */
  path: string;
  /** The text after the front matter. */
  text: string;
}

const frontMatter = z.object({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "name must be lower-case letters, digits and hyphens, at most 64"),
  description: z.string().trim().min(1, "description must say what the skill is for").max(1024),
  always: z.boolean().default(false),
});

/** Whether a path is that of a skill in the workspace: `skills/NAME/SKILL.md` in one of the two folders. */
export function isSkillPath(path: string): boolean {
  return /^\/workspace\/(?:group|global)\/skills\/[^/]+\/SKILL\.md$/.test(path);
}

/** Reads a SKILL.md: YAML between two lines of `---`, then text. Never throws; `reason` says what to mend. */
export function parseSkill(
  path: string,
  source: string,
): { ok: true; skill: Skill } | { ok: false; reason: string } {
  const found = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n([\s\S]*))?$/.exec(source);
  if (!found) return refuse(path, "it does not begin with YAML between two lines of ---");
  const fields = frontMatter.safeParse(yamlOf(found[1]!));
  if (!fields.success) {
    const issue = fields.error.issues[0]!;
    return refuse(path, `${issue.path.join(".") || "front matter"}: ${issue.message}`);
  }
  return { ok: true, skill: { ...fields.data, path, text: (found[2] ?? "").trim() } };
}

/** The skills' lines in the prompt; those for always with their whole text. Empty without skills. */
export function skillLines(skills: readonly Skill[]): string {
  if (skills.length === 0) return "";
  const lines = skills.map(({ name, description }) => `- ${name}: ${oneLine(description)}`);
  const always = skills.filter((skill) => skill.always).map(fileBlock);
  return ["Skills; use_skill before you do what one is for:", ...lines, ...always].join("\n");
}

function yamlOf(text: string): unknown {
  try {
    return parse(text, { logLevel: "error" });
  } catch {
    return undefined;
  }
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 200 ? `${line.slice(0, 200).toWellFormed()}…` : line;
}

function refuse(path: string, reason: string): { ok: false; reason: string } {
  return { ok: false, reason: `${path} is no skill: ${reason}.` };
}
