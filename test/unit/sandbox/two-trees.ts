import {
  type Agreed,
  type Base,
  contested,
  type Noted,
  type Pull,
  pulls,
  pushes,
  type Seen,
} from "../../../sandbox/sync.ts";

/** Contents by path; a content is its own hash. */
export type Tree = Map<string, string>;

/** What somebody does to a file; without content it is removed. */
export type Edit = { path: string; content?: string };

/** A notebook and a container that do what the real ones do with a plan, one small step after the other. */
export class TwoTrees {
  readonly notebook = new Map<string, { content: string; version: number }>();
  disk: Tree = new Map();
  /** As it lies in the container. */
  #base = new Map<string, Agreed>();
  marker = 1;
  /** Agreed on, and not told to the container yet: lost with the object. */
  #agreed = new Map<string, Agreed | undefined>();
  #version = 0;

  /** Writing what is there already is no change. */
  note({ path, content }: Edit): void {
    if (content === this.notebook.get(path)?.content) return;
    this.#version++;
    if (content === undefined) this.notebook.delete(path);
    else this.notebook.set(path, { content, version: this.#version });
  }

  command({ path, content }: Edit): void {
    if (content === undefined) this.disk.delete(path);
    else this.disk.set(path, content);
  }

  /** The group's object is gone, with what it had not written down. */
  forget(): void {
    this.#agreed.clear();
  }

  /** The container is gone; the next one is empty. */
  die(): void {
    this.disk = new Map();
    this.#base = new Map();
    this.#agreed.clear();
    this.marker++;
  }

  /** Takes the notebook's changes to the container. Each step may be the last. */
  *out(): Generator<void> {
    yield;
    const base = new Map(this.#base);
    for (const [path, agreed] of this.#agreed) set(base, path, agreed);
    for (const push of pushes(this.#told(base), this.#noted(), () => true)) {
      this.#apply(push.path, push.do === "write" ? this.notebook.get(push.path)! : undefined, base);
      yield;
    }
    this.#base = base;
    this.#agreed.clear();
    yield;
  }

  /** Takes the container's changes to the notebook, in one transaction. `met` is the start that ran the command. */
  *in(met: number, whole = true): Generator<void> {
    yield;
    const base = this.#told(this.#base, met);
    const seen: Seen = { marker: String(this.marker), whole, files: this.#seen(), odd: new Set() };
    const noted = this.#noted();
    for (const path of contested(base, noted, seen)) noted.get(path)!.sha = this.notebook.get(path)!.content;
    const plan = pulls(base, noted, seen);
    yield;
    for (const pull of plan) this.#take(pull);
    yield;
    for (const pull of plan) this.#settle(pull);
    yield;
  }

  #apply(
    path: string,
    wanted: { content: string; version: number } | undefined,
    base: Map<string, Agreed>,
  ): void {
    const now = this.disk.get(path);
    if (now !== undefined && now !== base.get(path)?.sha && now !== wanted?.content) return;
    set(this.disk, path, wanted?.content);
    set(base, path, wanted && { sha: wanted.content, version: wanted.version });
  }

  #take(pull: Pull): void {
    if (pull.do === "remove") this.note({ path: pull.path });
    else if (pull.do !== "agree") this.note({ path: pull.as, content: pull.sha });
  }

  #settle(pull: Pull): void {
    const { path } = pull;
    if (pull.do === "remove") this.#agreed.set(path, undefined);
    else if (pull.do === "agree") this.#agreed.set(path, { sha: pull.sha, version: pull.version });
    else if (pull.do === "keep-both") this.#agreed.set(path, { sha: pull.sha, version: -1 });
    else this.#agreed.set(path, { sha: pull.sha, version: this.notebook.get(path)!.version });
  }

  #told(files: Map<string, Agreed>, marker = this.marker): Base {
    return { marker: String(marker), files };
  }

  #noted(): Map<string, Noted> {
    return new Map(
      [...this.notebook].map(([path, { version, content }]) => [path, { version, size: content.length }]),
    );
  }

  #seen() {
    return new Map([...this.disk].map(([path, sha]) => [path, { sha, size: sha.length }]));
  }
}

function set<K, V>(map: Map<K, V>, key: K, value: V | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
