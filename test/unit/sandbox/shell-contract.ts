import { describe, expect, test } from "vitest";
import type { Author, Notebook } from "../../../agent/notebook.ts";
import type { ExecResult, Shell } from "../../../agent/shell.ts";
import { memoryNotebook } from "../tools/memory-notebook.ts";

export const ann: Author = { by: "1001", name: "Ann", trust: "member" };

/** Runs one command. */
export function exec(
  shell: Shell,
  command: string,
  more: Partial<Parameters<Shell["exec"]>[0]> = {},
): Promise<ExecResult> {
  const signal = new AbortController().signal;
  return shell.exec({ command, timeoutMs: 20_000, signal, author: ann, ...more });
}

export const textOf = async (notebook: Notebook, path: string) => {
  const file = await notebook.read(path);
  return file.ok ? file.text : file.error;
};

export const names = (notebook: Notebook) =>
  notebook.list("/workspace").map((file) => file.path.replace("/workspace/", ""));

const group = (files: Record<string, string | Uint8Array>) =>
  Object.fromEntries(Object.entries(files).map(([name, content]) => [`/workspace/group/${name}`, content]));

/** What every `Shell` keeps, whatever it stands on. `open` gives one over a notebook. */
export function shellContract(name: string, open: (notebook: Notebook) => Shell): void {
  const on = (files: Record<string, string | Uint8Array>, main = false) => {
    const notebook = memoryNotebook(files, main);
    return { notebook, shell: open(notebook) };
  };

  describe.concurrent(`${name} keeps the shell's contract`, () => {
    test("it starts in the group's folder and tells output, errors and exit code apart", async () => {
      const { shell } = on({});
      expect(await exec(shell, "pwd; echo oops >&2; exit 3")).toEqual({
        stdout: "/workspace/group\n",
        stderr: "oops\n",
        exitCode: 3,
      });
      expect(await exec(shell, "cd /workspace/group && echo ~")).toMatchObject({
        stdout: "/workspace/group\n",
      });
    });

    test("it sees the notebook's files, and what it changes is the notebook's, in one write", async () => {
      const { notebook, shell } = on(group({ "a.md": "a", "b.md": "b", "c.md": "c", "ü/d 1.md": "d" }));
      let writes = 0;
      const write = notebook.write.bind(notebook);
      notebook.write = (...args) => {
        writes++;
        return write(...args);
      };
      const command = "mkdir -p d; echo new > d/e.md; echo more >> a.md; mv b.md d/; rm c.md; cat 'ü/d 1.md'";
      expect(await exec(shell, command)).toMatchObject({ stdout: "d", exitCode: 0 });
      expect(names(notebook)).toEqual(["group/a.md", "group/d/b.md", "group/d/e.md", "group/ü/d 1.md"]);
      expect(await textOf(notebook, "a.md")).toBe("amore\n");
      expect(writes).toBe(1);
      expect(await exec(shell, "cat d/e.md a.md; ls d")).toMatchObject({
        stdout: "new\namore\nb.md\ne.md\n",
      });
    });

    test("what file tools change between two commands is there in the second, and removed files are not", async () => {
      const { notebook, shell } = on(group({ "a.md": "one", "b.md": "b" }));
      await exec(shell, "cat a.md");
      await notebook.write(
        [
          { path: "a.md", content: "two" },
          { path: "b.md", remove: true },
        ],
        ann,
      );
      expect(await exec(shell, "cat a.md; ls")).toMatchObject({ stdout: "twoa.md\n" });
      expect(names(notebook)).toEqual(["group/a.md"]);
    });

    test("bytes survive both ways", async () => {
      const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256);
      const { notebook, shell } = on(group({ "a.bin": bytes }));
      await exec(shell, "cp a.bin b.bin; cat a.bin b.bin > c.bin");
      expect(await notebook.bytes("b.bin")).toMatchObject({ ok: true, bytes });
      expect(await notebook.bytes("c.bin")).toMatchObject({ ok: true, info: { size: 140_000 } });
    });

    test("global files can be read, and are changed in main alone", async () => {
      const files = { "/workspace/global/RULES.md": "rules" };
      const other = on(files);
      expect(await exec(other.shell, "cat ../global/RULES.md")).toMatchObject({ stdout: "rules" });
      expect((await exec(other.shell, "echo mine > ../global/RULES.md")).exitCode).not.toBe(0);
      expect(await textOf(other.notebook, "/workspace/global/RULES.md")).toBe("rules");
      const main = on(files, true);
      await exec(main.shell, "echo mine > /workspace/global/RULES.md");
      expect(await textOf(main.notebook, "/workspace/global/RULES.md")).toBe("mine\n");
    });

    test("a command that runs out of time ends, keeps what it wrote, and says so", async () => {
      const { notebook, shell } = on({});
      const result = await exec(shell, "echo begun > a.md; while sleep 0.05; do :; done", {
        timeoutMs: 1000,
      });
      expect(result).toMatchObject({ ended: "timeout", exitCode: 124 });
      expect(await textOf(notebook, "a.md")).toBe("begun\n");
    });

    test("a command that is stopped changes nothing, also not later, and the next one runs", async () => {
      const { notebook, shell } = on(group({ "a.md": "before", "b.md": "b" }));
      await exec(shell, "true");
      const stop = new AbortController();
      const running = exec(shell, "echo after > a.md; rm b.md; echo x > c.md; sleep 20", {
        signal: stop.signal,
      });
      setTimeout(() => stop.abort(), 300);
      expect(await running).toMatchObject({ ended: "stopped" });
      expect(await exec(shell, "cat a.md; ls")).toMatchObject({ stdout: "beforea.md\nb.md\n" });
      expect(names(notebook)).toEqual(["group/a.md", "group/b.md"]);
      const gone = new AbortController();
      gone.abort();
      expect(await exec(shell, "echo x > d.md", { signal: gone.signal })).toMatchObject({ ended: "stopped" });
      expect(names(notebook)).toEqual(["group/a.md", "group/b.md"]);
    });

    test("what is to be saved and done with a result happens with its files, or not at all", async () => {
      const { notebook, shell } = on({});
      let settled: ExecResult | undefined;
      const request = {
        save: (result: ExecResult) => [{ path: "out.txt", content: result.stdout }],
        commit: (result: ExecResult) => {
          settled = result;
        },
      };
      const result = await exec(shell, "echo hello; echo a > a.md", request);
      expect(settled).toEqual(result);
      expect(await textOf(notebook, "out.txt")).toBe("hello\n");
    });

    test("links are not kept and lead nowhere", async () => {
      const { notebook, shell } = on(group({ "a.md": "a" }));
      await exec(shell, "ln -s /etc/passwd stolen; ln -s a.md alias; echo b > b.md");
      expect(names(notebook)).toEqual(expect.arrayContaining(["group/a.md", "group/b.md"]));
      expect(await textOf(notebook, "stolen")).toBe("not-found");
    });

    test("a dangerous command is refused, as text it is not", async () => {
      const { shell } = on({});
      expect(await exec(shell, "rm -rf /")).toMatchObject({ ended: "refused" });
      expect(await exec(shell, "echo 'rm -rf /'")).toMatchObject({ stdout: "rm -rf /\n" });
    });

    test("endless output ends, bounded", async () => {
      const { shell } = on({});
      const result = await exec(shell, "while true; do echo endless; done", { timeoutMs: 2000 });
      expect(["timeout", "limit"]).toContain(result.ended);
      expect(result.stdout.length).toBeLessThan(9_000_000);
      expect(await exec(shell, "echo fine")).toMatchObject({ stdout: "fine\n", exitCode: 0 });
    });
  });
}
