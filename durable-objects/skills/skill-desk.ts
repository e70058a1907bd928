import { Buffer } from "node:buffer";
import { type Change, describeFileError, GLOBAL, HOME } from "../../agent/notebook.ts";
import { placeIn } from "../../agent/paths.ts";
import {
  describeSkills,
  type SkillAnswer,
  type SkillRequest,
  type SkillUpload,
  viewsOf,
} from "../../agent/skill-requests.ts";
import { misplaced, readSkill, SKILL_NAME } from "../../agent/skills.ts";
import type { Parts } from "../parts.ts";

/** Files of a skill's folder, and bytes of them together. */
const MOST_FILES = 100;
const MOST_BYTES = 200_000;

type About<V> = Extract<SkillRequest, { verb: V }>;
type Root = typeof HOME | typeof GLOBAL;

/** A group's skills for the owner's doors, which checked who asks: what there is, adding and removing. */
export class SkillDesk {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Answers in words; nothing here throws for what the asker can mend. */
  async ask(request: SkillRequest): Promise<SkillAnswer> {
    await this.#parts.workspace.latest();
    switch (request.verb) {
      case "list":
        return this.#list();
      case "show":
        return this.#show(request.name);
      case "add":
        return this.#add(request);
      case "remove":
        return this.#remove(request);
      case "check":
        return this.#check(request);
    }
  }

  #list(): SkillAnswer {
    const skills = viewsOf(this.#parts.skills.all(this.#parts.mcp.toolNames()));
    return { ok: true, said: describeSkills(skills) || "There are no skills.", skills };
  }

  async #show(name: string): Promise<SkillAnswer> {
    const views = viewsOf(this.#parts.skills.all(this.#parts.mcp.toolNames()));
    const skill = this.#parts.skills
      .all(this.#parts.mcp.toolNames())
      .skills.find((each) => each.name === name);
    if (!skill) return refuse(views.find((view) => view.name === name)?.problem ?? unknown(name));
    const { workspace } = this.#parts;
    const folder = skill.path.slice(0, -"/SKILL.md".length);
    const files = workspace
      .list(folder)
      .map(({ path }) => path)
      .filter((path) => path !== skill.path);
    const read = await workspace.read(skill.path);
    if (!read.ok) return refuse(describeFileError(read));
    const view = views.find((each) => each.name === name)!;
    return { ok: true, said: describeSkills([view]), skills: [view], text: read.text, files };
  }

  /** The folder becomes what is given: what it had beside that is removed, in one write. */
  async #add({ scope, files }: About<"add">): Promise<SkillAnswer> {
    const checked = this.#read(files);
    if (!checked.ok) return refuse(checked.said);
    const folder = `${rootOf(scope)}/skills/${checked.name}`;
    const changes = changesOf(rootOf(scope), folder, files);
    if (typeof changes === "string") return refuse(changes);
    const paths = new Set(changes.map(({ path }) => path));
    const gone = this.#parts.workspace.list(folder).filter(({ path }) => !paths.has(path));
    const removals = gone.map(({ path }) => ({ path, remove: true as const }));
    const problem = checked.unmet ? ` It cannot be used here yet: it ${checked.unmet}.` : "";
    const said = `The skill ${checked.name} is in ${folder} (${counted(paths.size)}).${problem}`;
    return this.#write([...changes, ...removals], `added the skill ${folder}`, said);
  }

  async #remove({ scope, name }: About<"remove">): Promise<SkillAnswer> {
    const folder = `${rootOf(scope)}/skills/${name}`;
    const files = this.#parts.workspace.list(folder);
    if (!SKILL_NAME.test(name) || files.length === 0)
      return refuse(`There is no skill in ${folder.slice(0, 120)}.`);
    const changes = files.map(({ path }) => ({ path, remove: true as const }));
    return this.#write(
      changes,
      `removed the skill ${folder}`,
      `The skill ${name} is removed from ${folder}.`,
    );
  }

  #check({ files, folder }: About<"check">): SkillAnswer {
    const checked = this.#read(files);
    if (!checked.ok) return refuse(checked.said);
    if (checked.unmet) return refuse(`${checked.name} cannot be used here: it ${checked.unmet}.`);
    if (folder !== undefined && folder !== checked.name)
      return refuse(`SKILL.md is no skill there: ${misplaced(checked.name, folder)}.`);
    return { ok: true, said: `${checked.name} is a skill, and has all that it needs here.` };
  }

  /** What its SKILL.md says, or why it is no skill. The folder is called as the skill calls itself. */
  #read(
    files: readonly SkillUpload[],
  ): { ok: true; name: string; unmet?: string } | { ok: false; said: string } {
    const source = files.find(({ path }) => path === "SKILL.md")?.text;
    if (source === undefined) return { ok: false, said: "There is no SKILL.md in the folder." };
    const read = readSkill(source);
    if (!read.ok) return { ok: false, said: `SKILL.md is no skill: ${read.reason}.` };
    return {
      ok: true,
      name: read.skill.name,
      ...this.#parts.skills.unmet(read.skill, this.#parts.mcp.toolNames()),
    };
  }

  async #write(changes: Change[], what: string, said: string): Promise<SkillAnswer> {
    const author = { by: "owner", name: "Owner", trust: "owner" as const };
    const written = await this.#parts.workspace.write(changes, author, () =>
      this.#parts.audit.record("owner", what, counted(changes.length)),
    );
    if (!written.ok) return refuse(describeFileError(written));
    return { ok: true, said };
  }
}

/** The writes of a folder, or what is wrong with it. */
function changesOf(
  root: Root,
  folder: string,
  files: readonly SkillUpload[],
): Extract<Change, { content: unknown }>[] | string {
  const changes: Extract<Change, { content: unknown }>[] = [];
  let bytes = 0;
  for (const { path, text, base64 } of files) {
    const place = placeIn(root, `${folder}/${path}`);
    if (!place.ok || !place.absolute.startsWith(`${folder}/`))
      return `"${path.slice(0, 80)}" is no path in a skill's folder.`;
    const content = text ?? Buffer.from(base64 ?? "", "base64");
    bytes += typeof content === "string" ? new TextEncoder().encode(content).length : content.length;
    changes.push({ path: place.absolute, content });
  }
  if (changes.length > MOST_FILES || bytes > MOST_BYTES)
    return `A skill has at most ${MOST_FILES} files and ${MOST_BYTES} bytes together.`;
  return changes;
}

function rootOf(scope: "group" | "global"): Root {
  return scope === "global" ? GLOBAL : HOME;
}

function unknown(name: string): string {
  return `There is no skill "${name.slice(0, 80)}" here. nanoflare skills lists them.`;
}

function refuse(said: string): SkillAnswer {
  return { ok: false, said };
}

function counted(files: number): string {
  return files === 1 ? "1 file" : `${files} files`;
}
