import { parse } from "yaml";
import * as z from "zod";
import { unmarked } from "./marks.ts";
import { fileBlock } from "./prompt-files.ts";

/** Instructions for a kind of work, written as a SKILL.md. */
export interface Skill {
  name: string;
  /** One line: what it is for. */
  description: string;
  /** Its whole text stands in every prompt, as far as there is room. */
  always: boolean;
  /** What it cannot do without. `git|gh` means one of the two. */
  needs: Needs;
  /** Absolute, in the workspace: `read_file` reads it. */
  path: string;
  /** The text after the front matter. */
  text: string;
  /** What of its needs is missing here, in a few words. */
  unmet?: string;
  /** Whoever wrote it had read text from outside. */
  outside?: true;
}

/** Commands of the shell, variables of the install by name, tools of the chat. */
export interface Needs {
  bins: readonly string[];
  env: readonly string[];
  tools: readonly string[];
}

/** What a skill and its folder may be called. */
export const SKILL_NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** Characters of front matter, and of a text that `use_skill` answers. */
const LONGEST_FRONT = 8000;
/** Skills that the prompt names, and characters of each line. */
const LISTED = 40;
const LINE = 120;
/** Characters that the texts of skills for always may have together. */
const ALWAYS = 8000;

const NAME = "must be lower-case letters, digits and hyphens, at most 64";
const ABOUT = "must say what the skill is for, in 1 to 1024 characters";
const LIST = "must be a list of at most 20 plain names";

const line = z.string().transform((text) => text.split(/[\s,]+/));
const names = z.union([line, z.array(z.string())], LIST);
const list = names
  .transform((all) => all.filter(Boolean))
  .pipe(z.array(z.string().regex(/^[\w.+-]+(?:\|[\w.+-]+)*$/, LIST)).max(20, LIST))
  .default([]);
const needs = z.object({ bins: list, env: list, tools: list }, "must name bins, env or tools");
const fields = {
  name: z.string(NAME).regex(SKILL_NAME, NAME),
  description: z.string(ABOUT).trim().min(1, ABOUT).max(1024, ABOUT),
  always: z.boolean("must be true or false").default(false),
  requirements: needs.default({ bins: [], env: [], tools: [] }),
};
const frontMatter = z.object(fields, "must be YAML with a name and a description");

/** What a SKILL.md says, wherever it lies. */
export type SkillText = Omit<Skill, "path" | "unmet" | "outside">;

/** Reads a SKILL.md: YAML between two lines of `---`, then text. Never throws; `reason` says what to mend. */
export function readSkill(source: string): { ok: true; skill: SkillText } | { ok: false; reason: string } {
  const found = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n([\s\S]*))?$/.exec(source);
  if (!found) return { ok: false, reason: "it does not begin with YAML between two lines of ---" };
  if (found[1]!.length > LONGEST_FRONT)
    return { ok: false, reason: `its front matter has more than ${LONGEST_FRONT} characters` };
  const fields = frontMatter.safeParse(yamlOf(found[1]!));
  if (!fields.success) {
    const issue = fields.error.issues[0]!;
    return { ok: false, reason: `${issue.path.join(".") || "its front matter"} ${issue.message}` };
  }
  const { requirements, ...rest } = fields.data;
  return { ok: true, skill: { ...rest, needs: requirements, text: (found[2] ?? "").trim() } };
}

/** Reads the SKILL.md of this path, whose folder is called as the skill. */
export function parseSkill(
  path: string,
  source: string,
): { ok: true; skill: Skill } | { ok: false; reason: string } {
  const read = readSkill(source);
  if (!read.ok) return refuse(path, read.reason);
  const folder = folderOf(path);
  if (folder === read.skill.name) return { ok: true, skill: { ...read.skill, path } };
  return refuse(path, misplaced(read.skill.name, folder));
}

/** Why a skill of this name is not found in this folder. */
export function misplaced(name: string, folder: string): string {
  return `its name is ${name} and its folder ${folder}: call both the same`;
}

/** The name of the folder in which a SKILL.md lies. */
export function folderOf(path: string): string {
  return path.split("/").at(-2) ?? "";
}

/** The skills' lines in the prompt; those for always with their text, while there is room. Empty without skills. */
export function skillLines(skills: readonly Skill[]): string {
  if (skills.length === 0) return "";
  const lines = skills.slice(0, LISTED).map(lineOf);
  const more =
    skills.length > LISTED ? [`(${skills.length - LISTED} more in the folders named skills: list_dir.)`] : [];
  return ["Skills; use_skill before you do what one is for:", ...lines, ...more, ...always(skills)].join(
    "\n",
  );
}

/** What was written after text from outside says nothing here: the prompt would carry it into every turn. */
function lineOf({ name, description, outside }: Skill): string {
  return outside ? `- ${name} (from outside)` : `- ${name}: ${unmarked(oneLine(description))}`;
}

function always(skills: readonly Skill[]): string[] {
  let room = ALWAYS;
  return skills.flatMap((skill) => {
    if (!skill.always || skill.outside || skill.text.length > room) return [];
    room -= skill.text.length;
    return [fileBlock(skill)];
  });
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
  return line.length > LINE ? `${line.slice(0, LINE).toWellFormed()}…` : line;
}

function refuse(path: string, reason: string): { ok: false; reason: string } {
  return { ok: false, reason: `${path} is no skill: ${reason}.` };
}
