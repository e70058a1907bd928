import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/durable-sqlite";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Author, type Change, GLOBAL, HOME } from "../../agent/notebook.ts";
import { FileStore } from "../../durable-objects/files/file-store.ts";
import type { GlobalFiles } from "../../durable-objects/files/global-copy.ts";
import { GlobalCopy } from "../../durable-objects/files/global-copy.ts";
import { MountWriter } from "../../durable-objects/files/mount-writer.ts";
import { Mounts } from "../../durable-objects/files/mounts.ts";
import { Workspace } from "../../durable-objects/files/workspace.ts";
import type { Room } from "../../durable-objects/room.ts";
import { embeddedShell } from "../../sandbox/embedded.ts";

const ann: Author = { by: "1001", name: "Ann", trust: "member" };
const picture = (seed: number, size = 3000) => Uint8Array.from({ length: size }, (_, i) => (i * seed) % 256);
let count = 0;

type Hook = (step: string) => void | Promise<void>;

/** A folder inside a real object. `hook` is called around everything that a write does outside of its memory. */
function openStore(
  state: DurableObjectState,
  prefix: string,
  hook: Hook = () => {},
  mount: typeof HOME | typeof GLOBAL = HOME,
) {
  const around =
    <A extends unknown[], T>(name: string, work: (...args: A) => Promise<T>) =>
    async (...args: A) => {
      await hook(`before ${name}`);
      const result = await work(...args);
      await hook(`after ${name}`);
      return result;
    };
  const real = env.FILES;
  const bucket = {
    get: (key: string) => real.get(key),
    put: around("put", (key: string, body: Uint8Array, options: R2PutOptions) =>
      real.put(key, body, options),
    ),
    delete: around("delete", (keys: string[]) => real.delete(keys)),
  } as unknown as R2Bucket;
  let tick = 0;
  return new FileStore({
    storage: state.storage,
    db: drizzle(state.storage),
    bucket,
    mount,
    prefix: () => prefix,
    now: () => 1_700_000_000_000 + tick++,
    newId: () => crypto.randomUUID(),
  });
}

function inObject<T>(name: string, work: (state: DurableObjectState) => Promise<T>): Promise<T> {
  return runInDurableObject(env.GROUP.getByName(name), (_, state) => work(state));
}

/** A fresh object and its folder. */
function withStore<T>(
  work: (store: FileStore, state: DurableObjectState, prefix: string) => Promise<T>,
): Promise<T> {
  const name = `telegram:files${++count}`;
  const prefix = `groups/files${count}/`;
  return inObject(name, (state) => work(openStore(state, prefix), state, prefix));
}

async function objects(prefix: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { key } of (await env.FILES.list({ prefix })).objects) {
    found[key.slice(prefix.length)] = hex(await (await env.FILES.get(key))!.arrayBuffer());
  }
  return found;
}

/** Everything that readers see. */
async function seen(store: FileStore): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { path } of store.list(HOME)) {
    const file = await store.bytes(path);
    if (!file.ok) throw new Error(`${path} is listed and cannot be read: ${file.error}`);
    found[path.slice(HOME.length + 1)] = hex(file.bytes);
  }
  return found;
}

/** R2 holds each file once, under its path or its path and digest, and nothing else. */
async function expectAgreement(store: FileStore, prefix: string): Promise<void> {
  const stored = await objects(prefix);
  const plain = Object.fromEntries(
    Object.entries(stored).map(([key, value]) => [key.replace(/@[0-9a-f]{64}$/, ""), value]),
  );
  expect(plain).toEqual(await seen(store));
  expect(Object.keys(plain)).toHaveLength(Object.keys(stored).length);
}

function hex(data: ArrayBuffer | Uint8Array | string): string {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const textOf = async (store: Pick<FileStore, "read">, path: string) => {
  const file = await store.read(path);
  return file.ok ? file.text : file.error;
};

describe("a folder of files", () => {
  test("keeps text and bytes, and R2 holds them under readable keys", () =>
    withStore(async (store, _, prefix) => {
      await store.write(
        [
          { path: "notes/a.md", content: "hello" },
          { path: "cat.png", content: picture(7) },
        ],
        ann,
      );
      expect(await textOf(store, "/workspace/group/notes/a.md")).toBe("hello");
      expect(await store.read("cat.png")).toMatchObject({ ok: false, error: "binary", size: 3000 });
      expect(await store.bytes("cat.png")).toMatchObject({ ok: true, bytes: picture(7) });
      expect(Object.keys(await objects(prefix))).toEqual([
        expect.stringMatching(/^cat\.png@[0-9a-f]{64}$/),
        "notes/a.md",
      ]);
    }));

  test("removes and replaces without leaving objects behind", () =>
    withStore(async (store, _, prefix) => {
      await store.write(
        [
          { path: "a", content: picture(3) },
          { path: "b", content: "text" },
          { path: "c", content: "c" },
        ],
        ann,
      );
      await store.write(
        [
          { path: "a", content: picture(5) },
          { path: "b", content: picture(9) },
          { path: "c", remove: true },
        ],
        ann,
      );
      await store.write([{ path: "a", content: "now text" }], ann);
      expect(Object.keys(await seen(store))).toEqual(["a", "b"]);
      await expectAgreement(store, prefix);
    }));

  test("large text is kept whole, outside of SQLite", () =>
    withStore(async (store, _, prefix) => {
      const long = "0123456789".repeat(150_000);
      await store.write([{ path: "long.txt", content: long }], ann);
      expect(await store.read("long.txt")).toMatchObject({ error: "binary", size: 1_500_000 });
      const file = await store.bytes("long.txt");
      expect(file.ok && new TextDecoder().decode(file.bytes)).toBe(long);
      await expectAgreement(store, prefix);
    }));

  test("refuses what does not fit, and then nothing of the batch is written", () =>
    withStore(async (store) => {
      await store.write([{ path: "dir/file", content: "x" }], ann);
      const refused: [Change, string][] = [
        [{ path: "big", content: new Uint8Array(10 * 1024 * 1024 + 1) }, "too-large"],
        [{ path: "dir", content: "x" }, "is-directory"],
        [{ path: "dir/file/deeper", content: "x" }, "bad-path"],
        [{ path: "/etc/passwd", content: "x" }, "outside"],
        [{ path: "../../secret", content: "x" }, "outside"],
        [{ path: "/workspace/global/x", content: "x" }, "outside"],
        [{ path: "nothing-here", remove: true }, "not-found"],
        [{ path: "a\\b", content: "x" }, "bad-path"],
        [{ path: "nul\0", content: "x" }, "bad-path"],
        [{ path: "x".repeat(600), content: "x" }, "bad-path"],
        [{ path: "dir/file", content: "y", expect: 99 }, "conflict"],
        [{ path: "new", content: "y", expect: 1 }, "conflict"],
      ];
      for (const [change, error] of refused) {
        expect(await store.write([{ path: "other", content: "x" }, change], ann)).toMatchObject({
          ok: false,
          error,
        });
      }
      expect(Object.keys(await seen(store))).toEqual(["dir/file"]);
    }));

  test("a folder may become a file and back within one batch", () =>
    withStore(async (store, _, prefix) => {
      await store.write(
        [
          { path: "a/b", content: "1" },
          { path: "a/c", content: "2" },
        ],
        ann,
      );
      await store.write(
        [
          { path: "a/b", remove: true },
          { path: "a/c", remove: true },
          { path: "a", content: "3" },
        ],
        ann,
      );
      expect(Object.keys(await seen(store))).toEqual(["a"]);
      await store.write(
        [
          { path: "a", remove: true },
          { path: "a/d", content: "4" },
        ],
        ann,
      );
      expect(Object.keys(await seen(store))).toEqual(["a/d"]);
      await expectAgreement(store, prefix);
    }));

  test("all spellings of a path are one file", () =>
    withStore(async (store) => {
      const name = fc.stringMatching(/^[a-z\u00e9\u4e2d.-]{1,8}$/).filter((text) => !/^\.+$/.test(text));
      const noise = fc.constantFrom("", "./", "/", "x/../", " /../group/".trim(), "//");
      await fc.assert(
        fc.asyncProperty(
          fc.array(name, { minLength: 1, maxLength: 3 }),
          fc.array(noise, { maxLength: 4 }),
          async (names, noises) => {
            const path = names.join("/");
            const unruly = names
              .map(
                (part, index) =>
                  `${index === 0 ? "" : (noises[index] ?? "").replace("/../group/", "./")}${part}`,
              )
              .join("/");
            await store.write(
              store.list(HOME).map((file) => ({ path: file.path, remove: true as const })),
              ann,
            );
            await store.write([{ path, content: path }], ann);
            for (const spelled of [
              `${HOME}/${path}`,
              `  ${path}  `,
              `./${unruly}`,
              unruly.normalize("NFD"),
              `${path}/`,
              `~/${path}`,
              `a/b/../../${path}`,
            ]) {
              expect(await textOf(store, spelled), spelled).toBe(path);
            }
            await store.write(
              [{ path: `/workspace//group/./${unruly.normalize("NFD")} `, content: "again" }],
              ann,
            );
            expect(store.count()).toBe(1);
          },
        ),
        { numRuns: 40 },
      );
    }));

  test("no spelling leaves the folder", () =>
    withStore(async (store) => {
      const part = fc.constantFrom(
        "..",
        ".",
        "",
        "a",
        "group",
        "global",
        "workspace",
        "~",
        " ",
        ".. ",
        "\u2025",
        "\uff0e\uff0e",
      );
      await fc.assert(
        fc.asyncProperty(fc.boolean(), fc.array(part, { maxLength: 8 }), async (absolute, parts) => {
          const result = await store.write(
            [{ path: `${absolute ? "/" : ""}${parts.join("/")}`, content: "x" }],
            ann,
          );
          if (result.ok)
            for (const file of result.written)
              expect(file.path).toMatch(/^\/workspace\/group\/(?!.*(^|\/)\.{0,2}(\/|$))/);
        }),
        { numRuns: 300 },
      );
    }));

  test("an index and a folder with odd names agree", () =>
    withStore(async (store, _, prefix) => {
      const digest = "a".repeat(64);
      await store.write(
        [
          { path: `p@${digest}`, content: "text" },
          { path: "100%_'\".md", content: "1" },
          { path: "a b/ü 中.md", content: "2" },
        ],
        ann,
      );
      await store.write([{ path: "p", content: picture(11) }], ann);
      expect(store.list("a b").map((file) => file.path)).toEqual([`${HOME}/a b/ü 中.md`]);
      expect(await textOf(store, `p@${digest}`)).toBe("text");
      expect(Object.keys(await objects(prefix))).toHaveLength(4);
    }));

  test("two writes that read the same version: the second one is told", () =>
    withStore(async (store) => {
      await store.write([{ path: "n.md", content: "0" }], ann);
      const file = await store.read("n.md");
      const expectVersion = file.ok ? file.info.version : 0;
      const results = await Promise.all(
        ["1", "2"].map((content) => store.write([{ path: "n.md", content, expect: expectVersion }], ann)),
      );
      expect(results.map((result) => result.ok)).toEqual([true, false]);
      expect(await textOf(store, "n.md")).toBe("1");
    }));

  test("many writes at once end one after the other and R2 has the last", () =>
    withStore(async (store, _, prefix) => {
      await Promise.all(
        Array.from({ length: 30 }, (_, n) =>
          store.write([{ path: n % 3 ? "a.md" : "b.bin", content: n % 3 ? `${n}` : picture(n + 1) }], ann),
        ),
      );
      expect(await textOf(store, "a.md")).toBe("29");
      await expectAgreement(store, prefix);
    }));

  test("commit and files are one: a commit that throws leaves nothing", () =>
    withStore(async (store, state, prefix) => {
      await store.write(
        [
          { path: "a", content: "old" },
          { path: "b", content: picture(3) },
        ],
        ann,
      );
      const before = await seen(store);
      const batch: Change[] = [
        { path: "a", content: "new" },
        { path: "b", remove: true },
        { path: "c", content: picture(4) },
      ];
      await expect(
        store.write(batch, ann, () => {
          throw new Error("no");
        }),
      ).rejects.toThrow("no");
      expect(await seen(store)).toEqual(before);
      await expectAgreement(store, prefix);
      expect(state.storage.sql.exec("SELECT count(*) AS n FROM file_intents").one().n).toBe(0);
    }));

  test("what R2 refuses is not written, and what it could not tidy is tidied at the next boot", () =>
    withStore(async (store, state, prefix) => {
      await store.write(
        [
          { path: "a", content: "old" },
          { path: "b", content: picture(3) },
        ],
        ann,
      );
      const before = await seen(store);
      let puts = 0;
      const broken = openStore(state, prefix, (step) => {
        if (step === "before put" && ++puts > 1) throw new Error("R2 is away");
        if (step === "before delete") throw new Error("R2 is away");
      });
      const batch: Change[] = [
        { path: "a", content: "new" },
        { path: "b", content: picture(4) },
        { path: "c", content: "c" },
      ];
      await expect(broken.write(batch, ann)).rejects.toThrow("R2 is away");
      expect(await seen(store)).toEqual(before);
      await openStore(state, prefix).repair();
      await expectAgreement(store, prefix);
    }));
});

test("a repair gets on though each boot may ask R2 only so often", () =>
  withStore(async (store, state, prefix) => {
    const batch = (text: string) =>
      Array.from({ length: 80 }, (_, at) => ({ path: `f${at}`, content: `${text} ${at}` }));
    await store.write(batch("old"), ann);
    const allowed = (most: number) => {
      let asked = 0;
      return openStore(state, prefix, (step) => {
        if (step.startsWith("before") && ++asked > most) throw new Error("Too many subrequests.");
      });
    };
    await expect(allowed(70).write(batch("new"), ann)).rejects.toThrow("Too many");
    await expect(allowed(60).repair()).rejects.toThrow("Too many");
    await allowed(60).repair();
    expect(state.storage.sql.exec("SELECT count(*) AS n FROM file_intents").one().n).toBe(0);
    await expectAgreement(store, prefix);
  }));

describe("a crash", () => {
  const before: Change[] = [
    { path: "MEMORY.md", content: "old memory" },
    { path: "cat.png", content: picture(3) },
    { path: "gone.txt", content: "to be removed" },
    { path: "gone.bin", content: picture(5) },
    { path: "turns", content: "text that becomes bytes" },
  ];
  const batch: Change[] = [
    { path: "MEMORY.md", content: "new memory" },
    { path: "cat.png", content: picture(11) },
    { path: "gone.txt", remove: true },
    { path: "gone.bin", remove: true },
    { path: "turns", content: picture(13) },
    { path: "new.txt", content: "new" },
    { path: "new.bin", content: picture(17) },
  ];

  /** Runs the write in a new object and ends the object at the n-th step. False when there is no such step. */
  async function crashAt(
    n: number,
    durable: boolean,
  ): Promise<{ crashed: boolean; name: string; prefix: string }> {
    const name = `telegram:crash${++count}`;
    const prefix = `groups/crash${count}/`;
    await inObject(name, async (state) => void (await openStore(state, prefix).write(before, ann)));
    let crashed = false;
    await inObject(name, async (state) => {
      let step = 0;
      const hook = async () => {
        if (++step !== n) return;
        crashed = true;
        if (durable) await state.storage.sync();
        state.abort("crash");
        await new Promise(() => {});
      };
      await openStore(state, prefix, hook).write(batch, ann);
    }).catch((error) => {
      if (!crashed) throw error;
    });
    return { crashed, name, prefix };
  }

  for (const durable of [true, false]) {
    test(`at any step leaves the old or the new files, and R2 agrees after repair (${durable ? "after" : "without"} a sync)`, async () => {
      let sawOld = false;
      let sawNew = false;
      for (let n = 1; ; n++) {
        const { crashed, name, prefix } = await crashAt(n, durable);
        await inObject(name, async (state) => {
          const store = openStore(state, prefix);
          const now = await seen(store);
          const old = Object.fromEntries(
            before.flatMap((change) => ("content" in change ? [[change.path, hex(change.content)]] : [])),
          );
          const next = Object.fromEntries(
            batch.flatMap((change) => ("content" in change ? [[change.path, hex(change.content)]] : [])),
          );
          const isNew = "new.txt" in now;
          expect(now, `step ${n}`).toEqual(isNew ? next : old);
          sawOld ||= !isNew;
          sawNew ||= isNew;
          await store.repair();
          expect(await seen(store)).toEqual(now);
          await expectAgreement(store, prefix);
          expect(state.storage.sql.exec("SELECT count(*) AS n FROM file_intents").one().n).toBe(0);
          expect(store.versions("MEMORY.md")).toHaveLength(isNew ? 2 : 1);
        });
        if (!crashed) break;
        expect(n).toBeLessThan(60);
      }
      expect([sawOld, sawNew]).toEqual([true, true]);
    });
  }

  test("in a repair is repaired again", async () => {
    const { name, prefix } = await crashAt(5, true);
    for (let n = 1; n <= 6; n++) {
      await inObject(name, async (state) => {
        let step = 0;
        const hook = async () => {
          if (++step !== n) return;
          await state.storage.sync();
          state.abort("crash");
          await new Promise(() => {});
        };
        await openStore(state, prefix, hook).repair();
      }).catch(() => {});
    }
    await inObject(name, async (state) => {
      const store = openStore(state, prefix);
      await store.repair();
      await expectAgreement(store, prefix);
    });
  });
});

describe("memory files", () => {
  test.each(["MEMORY.md", "memory/people/ann.md", "AGENTS.md", "HEARTBEAT.md"])(
    "%s keeps its last 20 contents, and each can come back",
    (path) =>
      withStore(async (store) => {
        for (let n = 1; n <= 25; n++)
          await store.write([{ path, content: `content ${n}` }], { ...ann, name: `Ann ${n}` });
        const kept = store.versions(path);
        expect(kept.map((version) => version.text)).toEqual(
          Array.from({ length: 20 }, (_, n) => `content ${25 - n}`),
        );
        expect(kept[3]).toMatchObject({ by: "1001", name: "Ann 22", trust: "member" });
        await store.restore(path, kept[19]!.version, ann);
        expect(await textOf(store, path)).toBe("content 6");
        expect(store.versions(path)).toHaveLength(20);
        expect(store.versions(path)[1]!.text).toBe("content 25");
      }),
  );

  test("a removed memory file can come back", () =>
    withStore(async (store) => {
      await store.write([{ path: "MEMORY.md", content: "dear" }], ann);
      await store.write([{ path: "MEMORY.md", remove: true }], ann);
      const [removed, written] = store.versions("MEMORY.md");
      expect(removed!.text).toBeUndefined();
      await store.restore("MEMORY.md", written!.version, ann);
      expect(await textOf(store, "MEMORY.md")).toBe("dear");
    }));

  test("writing what is already there makes no version", () =>
    withStore(async (store) => {
      let commits = 0;
      for (let n = 0; n < 3; n++)
        await store.write([{ path: "MEMORY.md", content: "same" }], ann, () => void commits++);
      expect(store.versions("MEMORY.md")).toHaveLength(1);
      expect(commits).toBe(3);
    }));
});

/** A directory's files, each call made inside the directory's object. */
function openGlobals(id: number) {
  const inside = <T>(work: (store: FileStore) => T | Promise<T>) =>
    inObject(`telegram:globals${id}`, async (state) =>
      work(openStore(state, `global${id}/`, undefined, GLOBAL)),
    );
  return {
    write: (changes: Change[]) => inside((store) => store.write(changes, ann)),
    bytes: (path: string) => inside((store) => store.bytes(path)),
    version: () => inside((store) => store.version),
    changesSince: (since: number) => inside((store) => store.changesSince(since)),
    versions: (path: string) => inside((store) => store.versions(path)),
  };
}

/** A group's workspace over a directory's files, both in real storage. `calls` are those that left the group. */
function withWorkspace<T>(
  main: boolean,
  work: (workspace: Workspace, globals: ReturnType<typeof openGlobals>, calls: string[]) => Promise<T>,
): Promise<T> {
  const id = ++count;
  const calls: string[] = [];
  const globals = openGlobals(id);
  const note = <T>(name: string, result: T): T => {
    calls.push(name);
    return result;
  };
  const source: GlobalFiles = {
    snapshot: (since) => note("snapshot", globals.changesSince(since)),
    bytes: (path) => note("bytes", globals.bytes(path)),
    write: (changes) => note("write", globals.write(changes)),
  };
  return inObject(`telegram:space${id}`, async (state) => {
    const copy = new GlobalCopy(state.storage, drizzle(state.storage), source);
    // A chat without settings: nothing is mounted.
    const room = { db: drizzle(state.storage), get: () => undefined } as unknown as Room;
    const mounts = new Mounts(room);
    const workspace = new Workspace({
      own: openStore(state, `groups/space${id}/`),
      copy,
      globals: source,
      mounts,
      mountWriter: new MountWriter(room, mounts),
      main: () => main,
    });
    return work(workspace, globals, calls);
  });
}

describe("a workspace", () => {
  test("reads global files from its copy, which follows the directory", () =>
    withWorkspace(false, async (workspace, globals, calls) => {
      await globals.write([
        { path: `${GLOBAL}/AGENTS.md`, content: "rules" },
        { path: `${GLOBAL}/a.bin`, content: picture(3) },
      ]);
      await workspace.refresh(await globals.version());
      expect(await textOf(workspace, "/workspace/global/AGENTS.md")).toBe("rules");
      expect(workspace.list("/workspace").map((file) => file.path)).toEqual([
        `${GLOBAL}/AGENTS.md`,
        `${GLOBAL}/a.bin`,
      ]);
      expect(await workspace.search(/rule/, "/workspace", 5)).toEqual({
        matches: [{ path: `${GLOBAL}/AGENTS.md`, line: 1, text: "rules" }],
        unread: 0,
      });
      expect(await workspace.bytes(`${GLOBAL}/a.bin`)).toMatchObject({ ok: true, bytes: picture(3) });
      await workspace.refresh(await globals.version());
      expect(calls).toEqual(["snapshot", "bytes"]);
      await globals.write([
        { path: `${GLOBAL}/a.bin`, remove: true },
        { path: `${GLOBAL}/b.md`, content: "b" },
      ]);
      await globals.write([{ path: `${GLOBAL}/b.md`, remove: true }]);
      await workspace.refresh(await globals.version());
      expect(workspace.list(GLOBAL).map((file) => file.path)).toEqual([`${GLOBAL}/AGENTS.md`]);
    }));

  test("an ordinary group cannot write global files, by no spelling", () =>
    withWorkspace(false, async (workspace, globals) => {
      for (const path of [
        "/workspace/global/x",
        "../global/x",
        "/workspace/group/../global/x",
        "/workspace//global/./x",
      ]) {
        const result = await workspace.write(
          [
            { path: "mine", content: "1" },
            { path, content: "x" },
          ],
          ann,
        );
        expect(result).toMatchObject({ ok: false, error: "read-only" });
      }
      await workspace.refresh(await globals.version());
      expect(workspace.list("/workspace")).toEqual([]);
    }));

  test("main writes both folders in one batch and sees both at once", () =>
    withWorkspace(true, async (workspace, globals) => {
      let commits = 0;
      const result = await workspace.write(
        [
          { path: "mine", content: "1" },
          { path: "/workspace/global/MEMORY.md", content: "2" },
        ],
        ann,
        () => void commits++,
      );
      expect(result).toMatchObject({ ok: true });
      expect(workspace.list("/workspace").map((file) => file.path)).toEqual([
        `${GLOBAL}/MEMORY.md`,
        `${HOME}/mine`,
      ]);
      expect([commits, (await globals.versions(`${GLOBAL}/MEMORY.md`)).length]).toEqual([1, 1]);
    }));

  test("the shell sees what a tool wrote, and a tool what the shell wrote", () =>
    withWorkspace(true, async (workspace) => {
      await workspace.write(
        [
          { path: "notes/a.md", content: "one\ntwo\n" },
          { path: "cat.bin", content: picture(3) },
        ],
        ann,
      );
      const shell = embeddedShell(workspace);
      const run = (command: string) =>
        shell.exec({ command, timeoutMs: 10_000, signal: new AbortController().signal, author: ann });
      expect(await run("sed -i s/two/three/ notes/a.md && cat notes/a.md && wc -c < cat.bin")).toMatchObject({
        exitCode: 0,
        stdout: "one\nthree\n3000\n",
      });
      expect(await textOf(workspace, "notes/a.md")).toBe("one\nthree\n");
      await run(
        "mkdir -p deep/er && mv notes/a.md deep/er/b.md && cp cat.bin /workspace/global/cat.bin && rm cat.bin",
      );
      expect(workspace.list("/workspace").map((file) => file.path)).toEqual([
        `${GLOBAL}/cat.bin`,
        `${HOME}/deep/er/b.md`,
      ]);
      expect(await workspace.bytes(`${GLOBAL}/cat.bin`)).toMatchObject({ ok: true, bytes: picture(3) });
    }));

  test.each(["while :; do :; done", "awk 'BEGIN { for (;;) for (;;) i++ }'", "f() { f; f; }; f"])(
    "inside the object, too, %s comes to an end and keeps what it did",
    (command) =>
      withWorkspace(false, async (workspace) => {
        const signal = new AbortController().signal;
        const spinning = { command: `echo kept > a; ${command}`, timeoutMs: 20_000, signal, author: ann };
        const result = await embeddedShell(workspace).exec(spinning);
        expect(result.ended).toBe("limit");
        expect(await textOf(workspace, "a")).toBe("kept\n");
      }),
  );

  test("a command whose file someone else changed says so and changes nothing", () =>
    withWorkspace(false, async (workspace) => {
      await workspace.write([{ path: "log", content: "1\n" }], ann);
      const running = embeddedShell(workspace).exec({
        command: "echo new > other; cat log > /dev/null; sleep 0.2; echo 2 >> log",
        timeoutMs: 10_000,
        signal: new AbortController().signal,
        author: ann,
      });
      await workspace.write([{ path: "log", content: "changed\n" }], ann);
      expect(await running).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining("changed by someone else"),
      });
      expect(await textOf(workspace, "log")).toBe("changed\n");
      expect(workspace.list(HOME)).toHaveLength(1);
    }));
});
