import { type Actor, authorize } from "../../agent/authorize.ts";
import {
  clock,
  describeFiles,
  describeVersions,
  fencedText,
  findMemory,
  isMemoryFile,
  isRemembered,
  type MemoryAnswer,
  type MemoryRequest,
  type MemoryVersion,
  shortName,
} from "../../agent/memory.ts";
import { type Author, describeFileError, GLOBAL, HOME } from "../../agent/notebook.ts";
import type { DirectoryStub } from "../admission.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import type { FileVersion } from "./file-versions.ts";

/** Characters of a file that one answer shows, and of the words that led to a version. */
const SHOWN = 12_000;
const QUOTE = 60;

/** Who asks, as the host knows it. */
export interface MemoryAsker {
  actor: Actor;
  name: string;
  /** The message that asks, by its id. */
  source?: string;
}

type About<V> = Extract<MemoryRequest, { verb: V }>;

/** A group's memory for people: what there is, what it was before, who had it written, and bringing it back. */
export class Memory {
  readonly #room: Room;
  readonly #parts: Parts;
  readonly #directory: () => DirectoryStub;

  constructor(room: Room, parts: Parts, directory: () => DirectoryStub) {
    this.#room = room;
    this.#parts = parts;
    this.#directory = directory;
  }

  /** Answers in words; nothing here throws for what the asker can mend. */
  async ask(request: MemoryRequest, asker: MemoryAsker): Promise<MemoryAnswer> {
    if (!this.#room.settings) return refuse("This chat is not registered, so it has no memory.");
    await this.#parts.workspace.latest();
    if (request.verb === "list") return this.#list();
    const path = await this.#find(request.file, asker);
    if (!path) return refuse(`There is no memory file "${request.file.slice(0, 80)}". /memory lists them.`);
    switch (request.verb) {
      case "show":
        return request.version === undefined ? this.#now(path) : this.#then(path, request.version, asker);
      case "versions":
        return this.#versions(path, asker);
      case "restore":
        return this.#restore(path, request, asker);
    }
  }

  #list(): MemoryAnswer {
    const infos = this.#parts.workspace.list("/workspace").filter(({ path }) => isRemembered(path));
    const files = infos.map(({ path, size, updatedAt }) => ({ file: shortName(path), size, updatedAt }));
    return { ok: true, said: describeFiles(files, this.#room.timezone), files };
  }

  /** Among the files that there are, then among those that were removed. */
  async #find(file: string, asker: MemoryAsker): Promise<string | undefined> {
    const { workspace } = this.#parts;
    const present = workspace.list("/workspace").map(({ path }) => path);
    const here = findMemory(file, [...present.filter(isMemoryFile), ...workspace.kept()]);
    if (here || !authorize(asker.actor, { kind: "file", verb: "restore", scope: "global" }).ok) return here;
    return findMemory(file, await this.#directory().globalKept(this.#by(asker)));
  }

  async #now(path: string): Promise<MemoryAnswer> {
    const file = shortName(path);
    const read = await this.#parts.workspace.read(path);
    if (read.ok) return shown(file, read.text, file);
    if (read.error === "not-found")
      return refuse(`${file} was removed. /memory versions ${file} shows what it was.`);
    return refuse(describeFileError(read));
  }

  async #then(path: string, version: number, asker: MemoryAsker): Promise<MemoryAnswer> {
    const file = shortName(path);
    const kept = await this.#kept(path, asker);
    if (typeof kept === "string") return refuse(kept);
    const found = kept.find((other) => other.version === version);
    if (!found) return refuse(unknown(file, version));
    if (found.text === undefined) return refuse(`${file} was removed with version ${version}.`);
    return shown(file, found.text, `${file}, version ${version} of ${this.#when(found.at)}`);
  }

  async #versions(path: string, asker: MemoryAsker): Promise<MemoryAnswer> {
    const file = shortName(path);
    const kept = await this.#kept(path, asker);
    if (typeof kept === "string") return refuse(kept);
    if (kept.length === 0) return refuse(`No versions of ${file} are kept.`);
    const versions = kept.map((version) => this.#view(version));
    return { ok: true, said: describeVersions(file, versions, this.#room.timezone), file, versions };
  }

  async #restore(path: string, { version }: About<"restore">, asker: MemoryAsker): Promise<MemoryAnswer> {
    const file = shortName(path);
    const refusal = this.#refusal(path, asker, "restore");
    if (refusal) return refuse(refusal);
    const kept = await this.#kept(path, asker);
    if (typeof kept === "string") return refuse(kept);
    const found = kept.find((other) => other.version === version);
    if (!found) return refuse(unknown(file, version));
    if (found.text === kept[0]!.text)
      return { ok: true, said: `${file} is what version ${version} was already.`, file };
    const restored = await this.#bringBack(path, version, asker);
    if (!restored.ok) return refuse(describeFileError(restored));
    // A heartbeat file that has something again has to be armed.
    this.#parts.pump();
    const state = found.text === undefined ? "removed again" : "back";
    return {
      ok: true,
      said: `${file} is ${state}, as it was in version ${version} of ${this.#when(found.at)}.`,
      file,
    };
  }

  async #bringBack(path: string, version: number, asker: MemoryAsker) {
    const author = this.#author(asker);
    const record = () =>
      this.#parts.audit.record(asker.actor.id, `restored ${path}`, `its version ${version}`);
    if (!path.startsWith(`${GLOBAL}/`)) return this.#parts.workspace.restore(path, version, author, record);
    const restored = await this.#directory().globalRestore(path, version, author, this.#by(asker));
    if (restored.ok) record();
    await this.#parts.workspace.latest();
    return restored;
  }

  /** The kept contents, or why they are not shown. What main took out of a global file is main's to see. */
  async #kept(path: string, asker: MemoryAsker): Promise<FileVersion[] | string> {
    if (path.startsWith(`${HOME}/`)) return this.#parts.workspace.versions(path);
    const refusal = this.#refusal(path, asker, "versions");
    return refusal ?? this.#directory().globalVersions(path, this.#by(asker));
  }

  #refusal(path: string, { actor }: MemoryAsker, verb: "versions" | "restore"): string | undefined {
    const scope = path.startsWith(`${GLOBAL}/`) ? "global" : "group";
    const verdict = authorize(actor, { kind: "file", verb: "restore", scope });
    if (verdict.ok) return undefined;
    this.#parts.audit.refused([actor], `${verb} ${path}`, verdict.reason);
    const what = verb === "restore" ? "bring back" : "see";
    return `${verdict.reason} Former versions of global files are main's to ${what}.`;
  }

  #view({ text, source, ...version }: FileVersion): MemoryVersion {
    const quote = source && this.#quote(source);
    const size = text === undefined ? {} : { size: new TextEncoder().encode(text).length };
    return { ...version, ...size, ...(source ? { source } : {}), ...(quote ? { quote } : {}) };
  }

  #quote(source: string): string | undefined {
    const words = this.#parts.transcript.textOf(source)?.replace(/\s+/gu, " ").trim();
    return words && words.length > QUOTE ? `${words.slice(0, QUOTE).toWellFormed()}…` : words;
  }

  #author({ actor, name, source }: MemoryAsker): Author {
    const trust = actor.role === "owner" || actor.role === "main" ? "owner" : "member";
    return { by: actor.id, name, trust, ...(source ? { source } : {}) };
  }

  /** The directory asks again who may: the owner's doors have no address. */
  #by({ actor }: MemoryAsker) {
    return actor.role === "owner" ? undefined : this.#room.address;
  }

  #when(at: number): string {
    return clock(this.#room.timezone)(at);
  }
}

function shown(file: string, text: string, title: string): MemoryAnswer {
  const cut = text.length > SHOWN;
  const part = cut ? `${text.slice(0, SHOWN).toWellFormed()}\n…` : text;
  const notice = cut ? `\n${text.length - SHOWN} more characters are not shown here.` : "";
  return { ok: true, said: `${title}:\n${text.trim() ? fencedText(part) : "(empty)"}${notice}`, file, text };
}

function unknown(file: string, version: number): string {
  return `There is no version ${version} of ${file}. /memory versions ${file} lists those that are kept.`;
}

function refuse(said: string): MemoryAnswer {
  return { ok: false, said };
}
