import { GLOBAL, HOME, SKILLS } from "./notebook.ts";
import { folderOf, type Needs, parseSkill, type Skill } from "./skills.ts";

/** The folders that hold skills: what stands in an earlier one beats what a later one calls the same. */
export const SKILL_FOLDERS = [`${HOME}/skills`, `${GLOBAL}/skills`, SKILLS] as const;

/** A SKILL.md as it lies in the workspace. */
export interface SkillFile {
  path: string;
  text: string;
  outside?: true;
}

/** What this chat has, for the needs of skills. */
export interface Has {
  bin(name: string): boolean;
  env(name: string): boolean;
  tool(name: string): boolean;
}

/** The skills of a chat, by name, and why other files are none. */
export interface SkillSet {
  skills: Skill[];
  broken: { path: string; reason: string }[];
}

/** Whether a path is that of a skill: `skills/NAME/SKILL.md` in one of the folders. */
export function isSkillPath(path: string): boolean {
  return SKILL_FOLDERS.some(
    (folder) => path.startsWith(`${folder}/`) && /^[^/]+\/SKILL\.md$/.test(path.slice(folder.length + 1)),
  );
}

/** `group`, `global` or `bundled`. */
export function originOf(path: string): "group" | "global" | "bundled" {
  if (path.startsWith(`${HOME}/`)) return "group";
  return path.startsWith(`${GLOBAL}/`) ? "global" : "bundled";
}

/** Of each name the nearest one. A file that is no skill hides none. */
export function skillSet(files: readonly SkillFile[], has: Has): SkillSet {
  const nearest = [...files].sort((a, b) => distance(a) - distance(b));
  const chosen = new Map<string, Skill>();
  const broken: SkillSet["broken"] = [];
  for (const { path, text, outside } of nearest) {
    const read = parseSkill(path, text);
    if (!read.ok) broken.push({ path, reason: read.reason });
    else if (!chosen.has(folderOf(path)))
      chosen.set(read.skill.name, {
        ...read.skill,
        ...(outside ? { outside } : {}),
        ...unmet(read.skill, has),
      });
  }
  return { skills: [...chosen.values()].sort((a, b) => (a.name < b.name ? -1 : 1)), broken };
}

/** What is missing of a skill's needs, in a few words; nothing where all is there. */
export function unmet({ needs }: { needs: Needs }, has: Has): { unmet?: string } {
  const lacking = (kind: keyof Needs, there: (name: string) => boolean) =>
    needs[kind].filter((need) => !need.split("|").some(there)).map((need) => need.replaceAll("|", " or "));
  const missing = [
    ...lacking("bins", has.bin).map((name) => `the command ${name}`),
    ...lacking("env", has.env).map((name) => `the variable ${name}`),
    ...lacking("tools", has.tool).map((name) => `the tool ${name}`),
  ];
  return missing.length > 0 ? { unmet: `needs ${missing.join(", ")}` } : {};
}

function distance({ path }: SkillFile): number {
  return SKILL_FOLDERS.findIndex((folder) => path.startsWith(`${folder}/`));
}
