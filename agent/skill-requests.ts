import type { SkillSet } from "./skill-set.ts";
import { originOf } from "./skill-set.ts";
import type { Skill } from "./skills.ts";

/** A file of a skill's folder: its path below the folder, and its bytes as text or as base64. */
export interface SkillUpload {
  path: string;
  text?: string;
  base64?: string;
}

/** Where a skill is written: for one chat, or for all. */
export type SkillScope = "group" | "global";

export type SkillRequest =
  | { verb: "list" }
  | { verb: "show"; name: string }
  | { verb: "add"; scope: SkillScope; files: readonly SkillUpload[] }
  | { verb: "remove"; scope: SkillScope; name: string }
  /** `folder`: what the folder is called, where it has a name. */
  | { verb: "check"; files: readonly SkillUpload[]; folder?: string | undefined };

/** A skill as an operator sees it. */
export interface SkillView {
  name: string;
  description: string;
  origin: "group" | "global" | "bundled";
  always: boolean;
  /** It was written after text from outside was read. */
  outside: boolean;
  /** Why it cannot be used here; absent where it can. */
  problem?: string;
}

/** `said` is for people; the others are what was asked for. */
export interface SkillAnswer {
  ok: boolean;
  said: string;
  skills?: SkillView[];
  text?: string;
  /** Paths of the other files of the folder. */
  files?: string[];
}

/** All skills of a chat, those that are broken last. */
export function viewsOf({ skills, broken }: SkillSet): SkillView[] {
  const wrong = broken.map(({ path, reason }) => ({
    ...{ name: path.split("/").at(-2) ?? path, description: "", origin: originOf(path) },
    ...{ always: false, outside: false, problem: reason },
  }));
  return [...skills.map(viewOf), ...wrong];
}

function viewOf({ name, description, path, always, outside, unmet }: Skill): SkillView {
  const problem = unmet === undefined ? {} : { problem: unmet };
  return { name, description, origin: originOf(path), always, outside: outside === true, ...problem };
}

/** A line for each, for people. */
export function describeSkills(views: readonly SkillView[]): string {
  return views
    .map(({ name, description, origin, problem }) =>
      problem ? `- ${name} (${origin}), not usable: ${problem}` : `- ${name} (${origin}): ${description}`,
    )
    .join("\n");
}
