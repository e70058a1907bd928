// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the shell's.
import { describe, expect, test } from "vitest";
import type { Author, Notebook } from "../../../agent/notebook.ts";
import { embeddedShell } from "../../../sandbox/embedded.ts";
import { memoryNotebook } from "../tools/memory-notebook.ts";

const ann: Author = { by: "1001", name: "Ann", trust: "member" };

function run(notebook: Notebook, command: string, change: { timeoutMs?: number; signal?: AbortSignal } = {}) {
  const { timeoutMs = 20_000, signal = new AbortController().signal } = change;
  return embeddedShell(notebook).exec({ command, timeoutMs, signal, author: ann });
}
const textOf = async (notebook: Notebook, path: string) => {
  const file = await notebook.read(path);
  return file.ok ? file.text : file.error;
};
const names = (notebook: Notebook) =>
  notebook.list("/workspace").map((file) => file.path.replace("/workspace/", ""));

describe("the embedded shell", () => {
  test("starts in the group's folder and tells output, errors and exit code apart", async () => {
    const result = await run(memoryNotebook(), "pwd; echo oops >&2; exit 3");
    expect(result).toEqual({ stdout: "/workspace/group\n", stderr: "oops\n", exitCode: 3 });
  });

  test("creates, changes, moves and removes files as one batch", async () => {
    const notebook = memoryNotebook({
      "/workspace/group/a.md": "a",
      "/workspace/group/b.md": "b",
      "/workspace/group/c.md": "c",
    });
    let writes = 0;
    const write = notebook.write.bind(notebook);
    notebook.write = (...args) => {
      writes++;
      return write(...args);
    };
    await run(
      notebook,
      "echo new > d/e.md || mkdir d && echo new > d/e.md; echo more >> a.md; mv b.md d/; rm c.md",
    );
    expect(names(notebook)).toEqual(["group/a.md", "group/d/b.md", "group/d/e.md"]);
    expect(await textOf(notebook, "a.md")).toBe("amore\n");
    expect(writes).toBe(1);
  });

  test("writes nothing where nothing changed, and fetches only what a command reads", async () => {
    const notebook = memoryNotebook({
      "/workspace/group/a.md": "a",
      "/workspace/group/big.bin": new Uint8Array(1000),
    });
    const fetched: string[] = [];
    const bytes = notebook.bytes.bind(notebook);
    notebook.bytes = (path) => {
      fetched.push(path);
      return bytes(path);
    };
    notebook.write = () => Promise.reject(new Error("nothing should be written"));
    const result = await run(
      notebook,
      "ls -l; find . -type f | sort; cat a.md; cp a.md /tmp/x; touch a.md; echo -n a > a.md",
    );
    expect(result.stdout).toContain("1000");
    expect(fetched).toEqual(["/workspace/group/a.md"]);
  });

  test("bytes survive", async () => {
    const bytes = Uint8Array.from({ length: 512 }, (_, index) => index % 256);
    const notebook = memoryNotebook({ "/workspace/group/a.bin": bytes });
    await run(notebook, "cp a.bin b.bin; cat a.bin b.bin > c.bin");
    expect(await notebook.bytes("b.bin")).toMatchObject({ ok: true, bytes });
    expect(await notebook.bytes("c.bin")).toMatchObject({ ok: true, info: { size: 1024 } });
  });

  test("global files are read-only but in main", async () => {
    const files = { "/workspace/global/AGENTS.md": "rules" };
    const ordinary = memoryNotebook(files);
    const read = await run(
      ordinary,
      "cat /workspace/global/AGENTS.md; rm /workspace/global/AGENTS.md || echo no",
    );
    expect(read.stdout).toBe("rulesno\n");
    const tries = [
      "echo x > F",
      "echo x >> ../global/AGENTS.md",
      "cp /tmp F",
      "mv F /tmp/x",
      "sed -i s/r/x/ F",
      "ln F G",
      "mkdir D",
    ];
    for (const command of tries) {
      const spelled = command
        .replace("F", "/workspace/global/AGENTS.md")
        .replace(/\b([GD])$/, "/workspace/global/$1");
      const result = await run(ordinary, spelled);
      expect([spelled, result.exitCode]).not.toEqual([spelled, 0]);
    }
    expect(names(ordinary)).toEqual(["global/AGENTS.md"]);
    expect(await textOf(ordinary, "/workspace/global/AGENTS.md")).toBe("rules");
    const main = memoryNotebook(files, true);
    await run(main, "echo x > /workspace/global/AGENTS.md");
    expect(await textOf(main, "/workspace/global/AGENTS.md")).toBe("x\n");
  });

  test("sees no secret and no network", async () => {
    const result = await run(memoryNotebook(), "env; curl http://example.com; cat /proc/self/environ");
    expect(`${result.stdout}${result.stderr}`).not.toContain(process.env.PATH);
    expect(result.stderr).toContain("curl: command not found");
  });

  test("a dangerous command is refused and not run", async () => {
    const notebook = memoryNotebook({ "/workspace/group/a.md": "a" });
    const result = await run(notebook, "rm a.md; rm -rf /");
    expect(result).toMatchObject({ ended: "refused", exitCode: 126 });
    expect(names(notebook)).toEqual(["group/a.md"]);
  });

  test("a timeout ends it and keeps what it did, as a real shell would", async () => {
    const notebook = memoryNotebook();
    const result = await run(notebook, "echo kept > a.md; sleep 60; echo late > b.md", { timeoutMs: 200 });
    expect(result).toMatchObject({ ended: "timeout", exitCode: 124 });
    expect(names(notebook)).toEqual(["group/a.md"]);
  });

  test("a stop ends it and keeps nothing", async () => {
    const notebook = memoryNotebook();
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    const result = await run(notebook, "echo lost > a.md; sleep 60", { signal: stop.signal });
    expect(result).toMatchObject({ ended: "stopped", exitCode: 130 });
    expect(names(notebook)).toEqual([]);
  });

  test("files that changed meanwhile are not overwritten", async () => {
    const notebook = memoryNotebook({ "/workspace/group/a.md": "1" });
    await notebook.write([{ path: "a.md", content: "2" }], ann);
    const running = run(notebook, "cat a.md; sleep 0.1; echo mine >> a.md; echo x > b.md");
    await notebook.write([{ path: "a.md", content: "theirs" }], ann);
    expect(await running).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("changed by someone else"),
    });
    expect(await textOf(notebook, "a.md")).toBe("theirs");
    expect(names(notebook)).toEqual(["group/a.md"]);
  });

  const spinning = [
    "while :; do :; done",
    "while :; do echo flood; done",
    "while :; do echo flood >> f; done",
    "until false; do x=$((x+1)); done",
    "for ((;;)); do for ((;;)); do :; done; done",
    "f() { f; }; f",
    "f() { f; f; }; f",
    "x=a; while :; do x=$x$x; done",
    "awk 'BEGIN { while (1) i++ }'",
    "awk 'BEGIN { for (;;) for (;;) i++ }'",
    "awk 'function f(n) { return n < 1 ? 1 : f(n-1) + f(n-1) } BEGIN { f(60) }'",
    "awk 'BEGIN { while (1) print \"flood\" }'",
    'awk \'BEGIN { s = "a"; for (;;) { s = s s; a[s i++] = 1; if (length(s) > 500000) s = "a" } }\'',
    "sed ':a;ba' <<< x",
    "sed -n ':a;s/^\\(.*\\)$/\\1x/;ba' <<< x",
    "jq -n 'def f(n): if n < 1 then 1 else f(n-1) + f(n-1) end; f(60)'",
    "jq -n '[repeat(1)]'",
    "jq -n '[range(50000)] as $a | reduce range(9999) as $i (0; . + ($a - $a | length))'",
    "seq 1 100000000",
    "echo {1..100000000}",
    "printf '%1000000000s' x",
    "seq 1 5000 > a; seq 5000 -1 1 > b; diff a b || exit",
    "eval \"$(cat <<< 'while :; do :; done')\"",
    "e=eval; $e 'x=$(printf %0100000d 0); for ((;;)); do y=${x//0/11}; done'",
    "bash -c 'while :; do :; done'",
    "source <(echo 'while :; do :; done')",
    "x=$(printf %0200000d 0); grep -E '(0{0,500}){0,2}1' <<< $x",
    "x=$(printf %0200000d 0); [[ $x =~ ((0|1){0,30}){0,30}2 ]]",
    "x=$(printf %0100000d 0); p=$(printf '*0%.0s' {1..3000}); case $x in ${p}1) ;; *) exit 1 ;; esac",
    "x=$(printf '[%.0s' {1..50000}); y=aa; echo ${y//$x/}; exit 1",
    "x=$(printf '{a,%.0s' {1..9000}); eval \"echo $x\"",
    `jq -n '[range(20000)|{key:tostring,value:1}]|from_entries as $o|reduce range(9999) as $i (0; ($o+{a:1})|length)'`,
  ];

  test.each(spinning)("%s comes to an end by itself", async (command) => {
    const result = await run(memoryNotebook(), command, { timeoutMs: 60_000 });
    expect(result.exitCode).not.toBe(0);
    expect(result.ended).not.toBe("timeout");
    expect(result.stdout.length + result.stderr.length).toBeLessThan(5_000_000);
  });

  test("much work in small parts comes to an end", async () => {
    const command = "for i in $(seq 50000); do awk 'BEGIN { for (j = 0; j < 500; j++) k += j }'; done";
    expect(await run(memoryNotebook(), command)).toMatchObject({ ended: "limit" });
  });

  test.each([
    [spinning[1]!, "limit"],
    [`eval 'echo ${"{a,".repeat(14_000)}'; eval 'echo ${"{a,".repeat(14_000)}'`, "refused"],
  ])("a command after one that was ended begins anew (%#)", async (command, ended) => {
    const notebook = memoryNotebook();
    expect(await run(notebook, command)).toMatchObject({ ended });
    expect(await run(notebook, "echo well")).toEqual({ stdout: "well\n", stderr: "", exitCode: 0 });
  });

  test.each([
    "for i in $(seq 60); do awk 'BEGIN { for (j = 0; j < 3000; j++) k += j }'; done",
    "x=$(seq 3000); for w in $x; do a+=($w); done",
    "x=$(seq 3000); for i in $(seq 100); do case $x in *a*b) ;; esac; done",
    "f() { n=$((n+1)); }; while [ $((n)) -lt 9000 ]; do f; done",
    "bash -c 'until [ $((n)) -eq 9000 ]; do : $((n += 1)); done'",
    "eval 'until [ $((n)) -eq 9000 ]; do : $((n += 1)); done'",
    "e=eval; $e 'for i in $(seq 9000); do : $i; done'",
    "source <(echo 'until [ $((n)) -eq 9000 ]; do : $((n += 1)); done')",
    "seq 25000 | awk '{ n += $1 } END { print n }'",
  ])("other work goes on during %s", async (command) => {
    let turns = 0;
    const other = setInterval(() => turns++, 1);
    expect(await run(memoryNotebook(), command)).toMatchObject({ exitCode: 0 });
    clearInterval(other);
    expect(turns).toBeGreaterThan(3);
  });

  test("a loop's rests show nowhere: neither in what it prints nor in how it ends", async () => {
    const command =
      "set -e; for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; done; while read l; do echo $l; done <<< a; until (exit 3); do echo $?; break; done; echo $?";
    expect(await run(memoryNotebook(), command)).toEqual({
      stdout: "1\n3\na\n3\n0\n",
      stderr: "",
      exitCode: 0,
    });
  });

  test("more files than one write may send are refused together", async () => {
    const notebook = memoryNotebook({ "/workspace/group/a.md": "a" });
    const result = await run(notebook, "for i in $(seq 301); do echo $i > f$i; done; echo b > a.md");
    expect(result).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("more than 300 files") });
    expect(names(notebook)).toEqual(["group/a.md"]);
    expect(await textOf(notebook, "a.md")).toBe("a");
    await run(notebook, "for i in $(seq 300); do echo $i > f$i; done");
    expect(names(notebook)).toHaveLength(301);
  });

  test("more than 16 MB of files is refused", async () => {
    const notebook = memoryNotebook({ "/workspace/group/a.bin": new Uint8Array(9_000_000) });
    const result = await run(notebook, "cat a.bin a.bin > b.bin");
    expect(result.exitCode).not.toBe(0);
    const kept = notebook.list("/workspace").reduce((sum, file) => sum + file.size, 0);
    expect(kept).toBeLessThanOrEqual(16 * 1024 * 1024);
  });

  test("what ends with thousands of empty lines is taken over as in any shell", async () => {
    const command =
      "x=$(printf %060000d 0 | tr 0 '\\n'; echo x); y=$(printf '%020000d' 0 | tr 0 '\\n'); echo ${#x} ${#y}";
    expect(await run(memoryNotebook(), command)).toEqual({ stdout: "60001 0\n", stderr: "", exitCode: 0 });
  });

  test("two commands at once each have an end of their own", async () => {
    const [spins, works] = await Promise.all([
      run(memoryNotebook(), "awk 'BEGIN { for (;;) i++ }'"),
      run(memoryNotebook(), "for i in $(seq 2000); do n=$((n+i)); done; echo $n"),
    ]);
    expect(spins).toMatchObject({ ended: "limit" });
    expect(works).toEqual({ stdout: "2001000\n", stderr: "", exitCode: 0 });
  });

  test.each([
    ["cp a.bin b.bin; wc -c b.bin; rm b.bin", "7000000 b.bin\n"],
    ["tail -c 3 a.bin", "aaa"],
    ["sha256sum a.bin | cut -c 1-8", "feb3c7c9\n"],
    ["grep -c def lines.txt", "90000\n"],
    ["awk '{ n += length($0) } END { print n, NR }' lines.txt", "990000 90000\n"],
    ["sort lines.txt | uniq -c", "90000 abc def ghi\n"],
    ["tr a-z A-Z < lines.txt | tail -1", "ABC DEF GHI\n"],
    ["sed -n '$p' lines.txt", "abc def ghi\n"],
    ["jq 'map(.id) | add' rows.json", "199990000\n"],
    ["diff lines.txt lines.txt && echo same", "same\n"],
  ])("large files are worked on: %s", async (command, stdout) => {
    const rows = Array.from({ length: 20_000 }, (_, id) => ({ id, name: `n${id % 5}` }));
    const notebook = memoryNotebook({
      "/workspace/group/a.bin": new Uint8Array(7_000_000).fill(97),
      "/workspace/group/lines.txt": "abc def ghi\n".repeat(90_000),
      "/workspace/group/rows.json": JSON.stringify(rows),
    });
    const result = await run(notebook, command);
    expect({ ...result, stdout: result.stdout.trimStart() }).toEqual({ stdout, stderr: "", exitCode: 0 });
  });
});
