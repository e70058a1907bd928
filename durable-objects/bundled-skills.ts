import { parseSkill, type Skill } from "../agent/skills.ts";
import cron from "../skills/cron/SKILL.md";
import heartbeat from "../skills/heartbeat/SKILL.md";

let parsed: readonly Skill[] | undefined;

/** Skills that come with every install. Read when a turn first asks: YAML takes its time at a Worker's start-up. */
export function bundledSkills(): readonly Skill[] {
  parsed ??= Object.entries({ cron, heartbeat }).map(([folder, text]) => {
    const read = parseSkill(`skills/${folder}/SKILL.md`, text);
    if (!read.ok) throw new Error(read.reason);
    return read.skill;
  });
  return parsed;
}
