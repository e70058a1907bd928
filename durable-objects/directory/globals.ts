import { type Author, type Change, type FileInfo, type FileResult, GLOBAL } from "../../agent/notebook.ts";
import { newId } from "../clock.ts";
import { FileStore } from "../files/file-store.ts";
import type { FileVersion } from "../files/file-versions.ts";
import type { Office } from "./office.ts";
import type { GlobalSnapshot } from "./rpc.ts";

const HOST: Author = { by: "host", name: "nanoflare", trust: "owner" };

/** The files that all groups read and main writes. This object is their only writer. */
export class Globals {
  readonly #office: Office;
  readonly #templates: Readonly<Record<string, string>>;
  readonly #store: FileStore;
  #ready: Promise<void> | undefined;

  /** `templates`: what a new install gets, text by name. */
  constructor(office: Office, templates: Readonly<Record<string, string>>) {
    this.#office = office;
    this.#templates = templates;
    const { db, now, ctx, env } = office;
    const parts = {
      storage: ctx.storage,
      bucket: env.FILES,
      mount: GLOBAL,
      prefix: () => "global/",
    } as const;
    this.#store = new FileStore({ ...parts, db, now, newId });
  }

  /** Settles what a crash left and writes a new install's templates, once a boot. Never throws. */
  ready(): Promise<void> {
    this.#ready ??= this.#prepare().catch((error) => {
      this.#ready = undefined;
      this.#office.report("the global files are not ready and are tried again", error);
    });
    return this.#ready;
  }

  get version(): number {
    return this.#store.version;
  }

  snapshot(since: number): GlobalSnapshot {
    return this.#store.changesSince(since);
  }

  bytes(path: string): Promise<FileResult<{ bytes: Uint8Array; info: FileInfo }>> {
    return this.#store.bytes(path);
  }

  /** The paths of which versions are kept, also those that were removed. */
  kept(): string[] {
    return this.#store.kept();
  }

  versions(path: string): FileVersion[] {
    return this.#store.versions(path);
  }

  restore(path: string, version: number, author: Author): Promise<FileResult<{ written: FileInfo[] }>> {
    return this.#store.restore(path, version, author);
  }

  write(changes: Change[], author: Author): Promise<FileResult<{ written: FileInfo[] }>> {
    return this.#store.write(changes, author);
  }

  /** The fact commits with the files: what people change or delete later is never written again. */
  async #prepare(): Promise<void> {
    await this.#store.repair();
    if (this.#office.fact("templates")) return;
    const files = Object.entries(this.#templates);
    const changes = files.map(([name, content]) => ({ path: `${GLOBAL}/${name}`, content }));
    await this.#store.write(changes, HOST, () => this.#office.setFact("templates", 1));
  }
}
