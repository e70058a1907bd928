import {
  type Has,
  isSkillPath,
  SKILL_FOLDERS,
  type SkillSet,
  skillSet,
  unmet,
} from "../../agent/skill-set.ts";
import type { Skill } from "../../agent/skills.ts";
import { toolsFor } from "../../agent/tools/index.ts";
import { hasCommand, hasContainerCommand } from "../../sandbox/commands.ts";
import type { Workspace } from "../files/workspace.ts";
import type { Room } from "../room.ts";
import type { Workshop } from "../turns/workshop.ts";
import { bundledFile, bundledFiles } from "./bundled-skills.ts";

/** The skills of a group: its own, the global ones, and those that come along. */
export class Skills {
  readonly #room: Room;
  readonly #workspace: Workspace;
  readonly #workshop: Workshop;
  #read: { key: string; set: SkillSet } | undefined;

  constructor(room: Room, workspace: Workspace, workshop: Workshop) {
    this.#room = room;
    this.#workspace = workspace;
    this.#workshop = workshop;
  }

  /** All that there are, also those that lack something here. Read again when one of the files changed. */
  all(tools: readonly string[] = []): SkillSet {
    const files = SKILL_FOLDERS.flatMap((folder) => this.#list(folder)).filter(({ path }) =>
      isSkillPath(path),
    );
    const key = JSON.stringify([
      tools,
      this.#room.main,
      this.#workshop.isContainer,
      this.#room.settings?.env,
      files.map(({ path, version }) => [path, version]),
    ]);
    if (this.#read?.key !== key) {
      const texts = files.map(({ path, outside }) => ({
        path,
        text: this.#text(path),
        ...(outside ? { outside } : {}),
      }));
      this.#read = { key, set: skillSet(texts, this.#has(tools)) };
    }
    return this.#read.set;
  }

  /** Those that can be used here. */
  usable(tools: readonly string[] = []): Skill[] {
    return this.all(tools).skills.filter((skill) => !skill.unmet);
  }

  /** What a skill lacks here that is not written yet. */
  unmet(skill: Pick<Skill, "needs">, tools: readonly string[] = []): { unmet?: string } {
    return unmet(skill, this.#has(tools));
  }

  #list(folder: string) {
    const bundled = bundledFiles(folder);
    return bundled.length > 0 || !this.#room.settings ? bundled : this.#workspace.list(folder);
  }

  #text(path: string): string {
    return bundledFile(path)?.text ?? this.#workspace.text(path) ?? "";
  }

  #has(tools: readonly string[]): Has {
    const known = new Set([...toolsFor(this.#room.main).map(({ name }) => name), ...tools]);
    const { config, settings } = this.#room;
    const own = (settings?.env ?? []).map((written) => written.split("=")[0]!);
    const variables = new Set(["HOME", "USER", "LANG", ...own]);
    return {
      bin: this.#workshop.isContainer ? hasContainerCommand : hasCommand,
      env: (name) => variables.has(name) || config.vars[name] !== undefined,
      tool: (name) => known.has(name),
    };
  }
}
