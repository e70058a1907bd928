import { parseSkill, type Skill } from "../agent/skills.ts";
import cron from "../skills/cron/SKILL.md";
import heartbeat from "../skills/heartbeat/SKILL.md";

/** Skills that come with every install. */
export const bundledSkills: readonly Skill[] = Object.entries({ cron, heartbeat }).map(([folder, text]) => {
  const parsed = parseSkill(`skills/${folder}/SKILL.md`, text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.skill;
});
