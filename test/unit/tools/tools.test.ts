import { describe, expect, test } from "vitest";
import type { Notebook } from "../../../agent/notebook.ts";
import type { ExecResult, Shell } from "../../../agent/shell.ts";
import { prepare, specs, tools, toolsFor } from "../../../agent/tools/index.ts";
import { type Recalled, type ToolContext, ToolError } from "../../../agent/tools/tool.ts";
import { GateError } from "../../../agent/web/gate-error.ts";
import { embeddedShell } from "../../../sandbox/embedded.ts";
import { memoryNotebook } from "./memory-notebook.ts";

/** A turn's context over a notebook; `settled` are the results that tools committed themselves. */
function contextOf(notebook: Notebook, change: Partial<ToolContext> = {}) {
  const settled: string[] = [];
  const sent: { text: string; to?: string }[] = [];
  const context: ToolContext = {
    notebook,
    shell: embeddedShell(notebook),
    author: { by: "agent", name: "Ann", trust: "member" },
    timezone: "Europe/Berlin",
    now: () => Date.UTC(2026, 0, 31, 13, 32),
    signal: new AbortController().signal,
    limits: { execTimeoutMs: 20_000 },
    outside: () => {},
    recall: () => [],
    sendMessage: async (text, to, commit) => {
      sent.push({ text, to });
      commit();
      return undefined;
    },
    groups: {
      register: async (name) => `Registered ${name}.`,
      remove: async (name) => `Removed ${name}.`,
      list: async () => "none",
      configure: async (name) => `Changed ${name}.`,
      show: async (name) => name,
    },
    callMcp: async () => "",
    tasks: { ask: async () => ({ ok: true, said: "done" }) },
    spawn: () => ({ ok: true, said: "Sub-agent #1 works on it." }),
    skills: [
      {
        name: "tea",
        description: "how to make tea",
        always: false,
        needs: { bins: [], env: [], tools: [] },
        path: "/workspace/group/skills/tea/SKILL.md",
        text: "Boil.",
      },
    ],
    web: {
      get: async () => {
        throw new GateError("address", "No web here.");
      },
      search: async () => [],
    },
    settle: (result) => settled.push(result),
    ...change,
  };
  return { context, settled, sent };
}

/** Runs a call as the loop does: prepare, then run; a failure is its text. */
async function call(name: string, args: object, context: ToolContext): Promise<string> {
  const prepared = prepare({ name, arguments: JSON.stringify(args) }, tools);
  if (!prepared.ok) return prepared.error;
  try {
    return await prepared.tool.run(prepared.args, context);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return `Error: ${error.message}`;
  }
}

const textOf = async (notebook: Notebook, path: string) => {
  const file = await notebook.read(path);
  return file.ok ? file.text : file.error;
};

describe("what the model is told", () => {
  test("the tools of every group", () => expect(specs(toolsFor(false), false)).toMatchSnapshot());
  test("the tools that main has besides", () =>
    expect(specs(tools.filter((tool) => !toolsFor(false).includes(tool)))).toMatchSnapshot());

  test("is small: every byte goes with every request", () => {
    const wire = JSON.stringify(
      specs(toolsFor(false), false).map((spec) => ({ type: "function", function: spec })),
    );
    expect(wire.length).toBeLessThan(5_500);
  });

  test("names are unique and ordinary groups have no tool over other groups", () => {
    expect(new Set(tools.map((tool) => tool.name)).size).toBe(tools.length);
    expect(toolsFor(false).map((tool) => tool.name)).not.toEqual(expect.arrayContaining(["register_group"]));
  });
});

describe("a call", () => {
  const error = (name: string, text: string) => {
    const prepared = prepare({ name, arguments: text }, tools);
    return prepared.ok ? undefined : prepared.error;
  };
  test("of an unknown tool names the tools", () =>
    expect(error("rm_file", "{}")).toMatch(/no tool "rm_file".*read_file, write_file/s));
  test("with broken JSON shows what to send", () =>
    expect(error("read_file", '{"path": "a')).toMatch(/not valid JSON.*\{"path":"…"\}/s));
  test("with wrong arguments names each one", () =>
    expect(error("write_file", '{"path":5}')).toMatch(/path.*content|content.*path/s));
  test("with an array, a number or a word instead of an object is refused", () => {
    for (const text of ["[]", "5", '"x"', "null"])
      expect(error("read_file", text)).toMatch(/Wrong arguments/);
  });
  test("may leave optional arguments out, empty or null", () => {
    expect(prepare({ name: "list_dir", arguments: "" }, tools)).toMatchObject({
      ok: true,
      args: { path: "." },
    });
    expect(prepare({ name: "read_file", arguments: '{"path":"a","offset":null}' }, tools)).toMatchObject({
      ok: true,
      args: { path: "a" },
    });
  });
  test("with a timeout above 300 s is refused", () =>
    expect(error("bash", '{"command":"ls","timeout":301}')).toMatch(/timeout/));
});

describe("use_skill", () => {
  const tea = "---\nname: tea\ndescription: how to make tea\n---\nBoil.";
  const { context } = contextOf(memoryNotebook({ "/workspace/group/skills/tea/SKILL.md": tea }));
  test("gives the text of a skill, and where it lies", async () =>
    expect(await call("use_skill", { name: "tea" }, context)).toMatch(/skills\/tea\/SKILL\.md[\s\S]*Boil\./));
  test("names the skills when there is none of that name", async () =>
    expect(await call("use_skill", { name: "coffee" }, context)).toMatch(/^Error: .*"coffee".*tea/));
  test("says what one lacks that cannot be used here", async () => {
    const skills = context.skills.map((skill) => ({ ...skill, unmet: "needs the command kettle" }));
    expect(await call("use_skill", { name: "Tea" }, { ...context, skills })).toMatch(
      /^Error: .*command kettle/,
    );
  });
});

describe("read_file", () => {
  const lines = (n: number) => Array.from({ length: n }, (_, index) => `line ${index + 1}`).join("\n");
  test("shows a small file as it is", async () => {
    const { context } = contextOf(memoryNotebook({ "/workspace/group/a.md": "one\n\ntwo\n" }));
    expect(await call("read_file", { path: "a.md" }, context)).toBe("one\n\ntwo");
  });
  test("reads any stretch of lines and says how to read on", async () => {
    const { context } = contextOf(memoryNotebook({ "/workspace/group/a.md": lines(50) }));
    expect(await call("read_file", { path: "a.md", offset: 10, limit: 2 }, context)).toBe(
      "line 10\nline 11\n[lines 10-11 of 50; read on with offset 12]",
    );
    expect(await call("read_file", { path: "a.md", offset: 50 }, context)).toBe("line 50");
    expect(await call("read_file", { path: "a.md", offset: 51 }, context)).toMatch(/has 50 lines/);
  });
  test("following its notices reads every line of a long file once", async () => {
    const { context } = contextOf(memoryNotebook({ "/workspace/group/a.md": lines(9_000) }));
    const read: string[] = [];
    for (let offset: number | undefined = 1; offset; ) {
      const page = await call("read_file", { path: "a.md", offset }, context);
      expect(page.length).toBeLessThan(21_000);
      const next = /\n\[lines .* offset (\d+)\]$/.exec(page);
      read.push(...page.slice(0, next?.index).split("\n"));
      offset = next ? Number(next[1]) : undefined;
    }
    expect(read).toEqual(lines(9_000).split("\n"));
  });
  test("cuts a line that is too long and never a character", async () => {
    const { context } = contextOf(memoryNotebook({ "/workspace/group/a.md": `x${"😀".repeat(30_000)}` }));
    const page = await call("read_file", { path: "a.md" }, context);
    expect(page.isWellFormed()).toBe(true);
    expect(page).toMatch(/line 1 has 60001 characters/);
  });
  test("says what is wrong with a path", async () => {
    const { context } = contextOf(memoryNotebook({ "/workspace/group/d/a.bin": new Uint8Array(9) }));
    expect(await call("read_file", { path: "nope.md" }, context)).toMatch(/No such file.*list_dir/);
    expect(await call("read_file", { path: "d" }, context)).toMatch(/folder.*list_dir/);
    expect(await call("read_file", { path: "d/a.bin" }, context)).toMatch(/not text \(9 bytes\)/);
    expect(await call("read_file", { path: "/etc/passwd" }, context)).toMatch(/No such file/);
  });
});

describe("write_file and edit_file", () => {
  test("write, and end their call in the same transaction", async () => {
    const notebook = memoryNotebook();
    const { context, settled } = contextOf(notebook);
    const wrote = await call("write_file", { path: "notes/a.md", content: "héllo" }, context);
    const edited = await call("edit_file", { path: "notes/a.md", old_text: "llo", new_text: "y" }, context);
    expect(settled).toEqual([wrote, edited]);
    expect(wrote).toBe("Wrote 6 bytes to notes/a.md.");
    expect(await textOf(notebook, "notes/a.md")).toBe("héy");
  });
  test("new_text is taken as it is, whatever it holds", async () => {
    const notebook = memoryNotebook({ "/workspace/group/a": "a.b" });
    await call("edit_file", { path: "a", old_text: ".", new_text: "$&$1\\" }, contextOf(notebook).context);
    expect(await textOf(notebook, "a")).toBe("a$&$1\\b");
  });
  test("an edit that fits nowhere or twice says what to do, and nothing changes", async () => {
    const notebook = memoryNotebook({ "/workspace/group/a": "aaa" });
    const { context, settled } = contextOf(notebook);
    expect(await call("edit_file", { path: "a", old_text: "b", new_text: "" }, context)).toMatch(
      /not in a\. Read the file/,
    );
    expect(await call("edit_file", { path: "a", old_text: "aa", new_text: "" }, context)).toMatch(/unique/);
    expect([settled, await textOf(notebook, "a")]).toEqual([[], "aaa"]);
  });
  test("an edit whose file changes under it is made on the new content", async () => {
    const notebook = memoryNotebook();
    await notebook.write([{ path: "a", content: "one two" }], { by: "x", name: "x", trust: "member" });
    const write = notebook.write.bind(notebook);
    let meddled = false;
    notebook.write = async (changes, author, commit) => {
      if (!meddled) await write([{ path: "a", content: "zero one two" }], author);
      meddled = true;
      return write(changes, author, commit);
    };
    expect(
      await call("edit_file", { path: "a", old_text: "two", new_text: "2" }, contextOf(notebook).context),
    ).toMatch(/^Edited/);
    expect(await textOf(notebook, "a")).toBe("zero one 2");
  });
  test("a call that was stopped settles nothing", async () => {
    const stop = new AbortController();
    stop.abort();
    const { context, settled } = contextOf(memoryNotebook(), { signal: stop.signal });
    expect(await call("write_file", { path: "a", content: "x" }, context)).toMatch(/stopped/);
    expect(settled).toEqual([]);
  });
  test("global files are refused in an ordinary group", async () => {
    const { context } = contextOf(memoryNotebook());
    expect(await call("write_file", { path: "/workspace/global/MEMORY.md", content: "x" }, context)).toMatch(
      /read-only here/,
    );
  });
});

describe("list_dir, glob and grep", () => {
  const notebook = memoryNotebook({
    "/workspace/group/MEMORY.md": "likes tea",
    "/workspace/group/notes/a.md": "Tea at four\nand coffee",
    "/workspace/group/notes/deep/b.txt": "none",
    "/workspace/group/.hidden.md": "",
    "/workspace/global/AGENTS.md": "offer tea",
  });
  const { context } = contextOf(notebook);

  test("list what is right below a folder", async () => {
    expect(await call("list_dir", {}, context)).toBe(
      "notes/ (2 files)\n.hidden.md (0 bytes)\nMEMORY.md (9 bytes)",
    );
    expect(await call("list_dir", { path: "/workspace" }, context)).toBe(
      "/workspace/group/\n/workspace/global/",
    );
    expect(await call("list_dir", { path: "MEMORY.md" }, context)).toMatch(/is a file/);
    expect(await call("list_dir", { path: "nope" }, context)).toMatch(/No such file/);
    expect(await call("list_dir", {}, contextOf(memoryNotebook()).context)).toBe("(empty)");
  });
  test("find names by pattern", async () => {
    expect(await call("glob", { pattern: "*.md" }, context)).toBe(
      "/workspace/group/.hidden.md\n/workspace/group/MEMORY.md\n/workspace/group/notes/a.md",
    );
    expect(await call("glob", { pattern: "notes/**" }, context)).toBe(
      "/workspace/group/notes/a.md\n/workspace/group/notes/deep/b.txt",
    );
    expect(await call("glob", { pattern: "/workspace/global/*", path: "/workspace/global" }, context)).toBe(
      "/workspace/global/AGENTS.md",
    );
    expect(await call("glob", { pattern: "*.pdf" }, context)).toMatch(/No file/);
  });
  test("find lines", async () => {
    expect(await call("grep", { pattern: "tea" }, context)).toBe("/workspace/group/MEMORY.md:1: likes tea");
    expect(await call("grep", { pattern: "^tea", ignore_case: true, path: "notes" }, context)).toBe(
      "/workspace/group/notes/a.md:1: Tea at four",
    );
    expect(await call("grep", { pattern: "coffee", path: "notes/a.md" }, context)).toBe(
      "/workspace/group/notes/a.md:2: and coffee",
    );
    expect(await call("grep", { pattern: "absent" }, context)).toMatch(/No line/);
    expect(await call("grep", { pattern: "(" }, context)).toMatch(/not valid/);
  });
  test("no pattern holds the group up", async () => {
    const hostile = contextOf(memoryNotebook({ "/workspace/group/a": `${"a".repeat(50_000)}b` })).context;
    expect(await call("grep", { pattern: "(a|aa)+$" }, hostile)).toMatch(/No line/);
    const large = contextOf(memoryNotebook({ "/workspace/group/a": "a".repeat(200_000) })).context;
    for (const pattern of ["(a{0,500}){0,2}[bd]", "((a|c){0,30}){0,30}[bd]"])
      expect(await call("grep", { pattern }, large)).toMatch(/takes too long/);
    expect(await call("grep", { pattern: "\\pL{1000}".repeat(100) }, large)).toMatch(/too large|too long/);
    expect(await call("grep", { pattern: "b" }, large)).toMatch(/No line/);
    const log = "Nov 21 10:00:00 host service[123]: the request was answered in 12 ms\n".repeat(14_000);
    const logs = contextOf(memoryNotebook({ "/workspace/group/log": `${log}Error: a timeout` })).context;
    expect(await call("grep", { pattern: "error.*timeout", ignore_case: true }, logs)).toMatch(
      /log:14001: Error/,
    );
  });
  test("what is not text matches nothing", async () => {
    const files = { "/workspace/group/a.bin": new Uint8Array([0, 1, 2]), "/workspace/group/b": "" };
    expect(await call("grep", { pattern: "^$" }, contextOf(memoryNotebook(files)).context)).toMatch(
      /\/b:1: $/,
    );
  });
});

describe("bash", () => {
  const answering = (result: Partial<ExecResult>): Shell => ({
    exec: async (request) => {
      const whole = { stdout: "", stderr: "", exitCode: 0, ...result };
      const changes = request.save?.(whole) ?? [];
      if (changes.length) await files.write(changes, request.author);
      request.commit?.(whole);
      return whole;
    },
  });
  let files = memoryNotebook();
  const answer = (result: Partial<ExecResult>) => {
    files = memoryNotebook();
    return call("bash", { command: "x" }, contextOf(files, { shell: answering(result) }).context);
  };

  test("shows output, errors and exit code, and settles with exactly that", async () => {
    const { context, settled } = contextOf(memoryNotebook());
    const answers = [
      await call("bash", { command: "echo out; echo err >&2; exit 4" }, context),
      await call("bash", { command: "true" }, context),
    ];
    expect(answers).toEqual(["out\nerr\n[exit code 4]", "(no output)"]);
    expect(settled).toEqual(answers);
  });
  test("says how a command ended", async () => {
    expect(await answer({ stdout: "some", exitCode: 124, ended: "timeout" })).toMatch(
      /^some\n\[stopped by its timeout of 20 s/,
    );
    expect(await answer({ exitCode: 126, ended: "limit", stderr: "too many commands\n" })).toMatch(
      /too many commands\n\[stopped by a limit/,
    );
    expect(await answer({ exitCode: 137 })).toBe("[exit code 137, signal 9]");
  });
  test("a refused command is answered with the reason", async () => {
    expect(await call("bash", { command: "rm -rf /" }, contextOf(memoryNotebook()).context)).toBe(
      "Not run: rm -r on / removes everything.",
    );
  });
  test("keeps head and tail of a long output, and the whole as a file", async () => {
    const stdout = Array.from({ length: 5_000 }, (_, index) => `line ${index} 😀\n`).join("");
    const shown = await answer({ stdout });
    expect(shown.length).toBeLessThan(10_200);
    expect([shown.startsWith("line 0 "), shown.endsWith("line 4999 😀\n"), shown.isWellFormed()]).toEqual([
      true,
      true,
      true,
    ]);
    const path = /the whole output is in (\S+)\]/.exec(shown)![1]!;
    expect(await textOf(files, path)).toBe(stdout);
  });
  test("of long outputs the last 20 are kept", async () => {
    const notebook = memoryNotebook();
    let now = 0;
    const { context } = contextOf(notebook, { now: () => (now += 1000) });
    for (let n = 0; n < 23; n++) await call("bash", { command: `echo ${n} 1; seq 100000 103000` }, context);
    const kept = notebook.list("/workspace/group/.output");
    expect(kept).toHaveLength(20);
    expect(await textOf(notebook, kept.at(-1)!.path)).toMatch(/^22 1\n/);
  }, 60_000);
  test("the timeout argument counts in seconds", async () => {
    const asked: number[] = [];
    const shell: Shell = {
      exec: async ({ timeoutMs }) => {
        asked.push(timeoutMs);
        return { stdout: "", stderr: "", exitCode: 0 };
      },
    };
    const { context } = contextOf(memoryNotebook(), { shell });
    await call("bash", { command: "x", timeout: 7 }, context);
    await call("bash", { command: "x" }, context);
    expect(asked).toEqual([7_000, 20_000]);
  });
});

describe("recall and send_message", () => {
  test("shows when and who, in the group's zone", async () => {
    const hits: Recalled[] = [
      { at: Date.UTC(2026, 0, 31, 13, 32), who: "John", text: "the key is under the mat", source: "chat" },
      { at: 0, who: "memory", text: "likes tea", source: "/workspace/group/MEMORY.md" },
    ];
    const { context } = contextOf(memoryNotebook(), { recall: () => hits });
    const answer = await call("recall", { query: "key?" }, context);
    expect(answer.replaceAll("\u202f", " ")).toBe(
      "[Jan 31, 2026, 2:32 PM] John: the key is under the mat\n/workspace/group/MEMORY.md: likes tea",
    );
    expect(await call("recall", { query: "x" }, contextOf(memoryNotebook()).context)).toMatch(
      /Nothing found/,
    );
  });
  test("queues a message and settles with it; what went wrong is told", async () => {
    const { context, settled, sent } = contextOf(memoryNotebook());
    expect(await call("send_message", { text: "hi" }, context)).toBe("Queued.");
    expect([settled, sent]).toEqual([["Queued."], [{ text: "hi", to: undefined }]]);
    const refusing = contextOf(memoryNotebook(), { sendMessage: async () => "Only main may do that." });
    expect(await call("send_message", { text: "hi", to: "Family" }, refusing.context)).toBe(
      "Error: Only main may do that.",
    );
    expect(await call("send_message", { text: "  " }, context)).toMatch(/Wrong arguments/);
  });
});
