import { type FileInfo, SKILLS } from "../../agent/notebook.ts";
import browser from "../../skills/browser/SKILL.md";
import cron from "../../skills/cron/SKILL.md";
import github from "../../skills/github/SKILL.md";
import heartbeat from "../../skills/heartbeat/SKILL.md";
import memory from "../../skills/memory/SKILL.md";
import skillCreator from "../../skills/skill-creator/SKILL.md";
import template from "../../skills/skill-creator/template.md";
import summarize from "../../skills/summarize/SKILL.md";

/** Files of the skills that come with every install, by their paths in the workspace. */
const TEXTS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "browser/SKILL.md": browser,
    "cron/SKILL.md": cron,
    "github/SKILL.md": github,
    "heartbeat/SKILL.md": heartbeat,
    "memory/SKILL.md": memory,
    "skill-creator/SKILL.md": skillCreator,
    "skill-creator/template.md": template,
    "summarize/SKILL.md": summarize,
  }).map(([name, text]) => [`${SKILLS}/${name}`, text]),
);

/** The files below a folder, sorted by path. */
export function bundledFiles(folder: string): FileInfo[] {
  const below = [...TEXTS.keys()].filter((path) => path.startsWith(`${folder}/`));
  return below.map((path) => bundledFile(path)!.info);
}

export function bundledFile(path: string): { text: string; info: FileInfo } | undefined {
  const text = TEXTS.get(path);
  if (text === undefined) return undefined;
  const size = new TextEncoder().encode(text).length;
  return { text, info: { path, size, updatedAt: 0, text: true, version: 1 } };
}
