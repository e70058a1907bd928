import type { Author, Change, FileInfo, Notebook } from "../agent/notebook.ts";
import type { Shell } from "../agent/shell.ts";
import { Container } from "../sandbox/container.ts";
import { containerShell } from "../sandbox/container-shell.ts";
import { embeddedShell } from "../sandbox/embedded.ts";
import { LocalHands, newMarker } from "../test/peers/local-hands.ts";
import { whyNoHands } from "../test/peers/machine.ts";
import { figure, percentiles } from "./measure.ts";

const FILES = 1000;
const AUTHOR: Author = { by: "bench", name: "Bench", trust: "owner" };

/** Made to work for long in one piece: expressions, patterns, comparisons, floods, and loops that are written as text. */
const WORST = [
  "while :; do echo flood; done",
  "eval 'while :; do x=$((x+1)); done'",
  "x=$(printf %0200000d 0); grep -E '(0{0,500}){0,2}1' <<< $x",
  "x=$(printf %0200000d 0); [[ $x =~ ((0|1){0,30}){0,30}2 ]]",
  "x=$(printf %0100000d 0); p=$(printf '*0%.0s' {1..3000}); case $x in $p) ;; esac",
  "seq 3000 > a; seq 3000 -1 1 > b; diff a b",
  "awk 'BEGIN { s = \"a\"; while (length(s) < 500000) s = s s; for (;;) a[s i++] = 1 }'",
  "jq -n '[range(50000)] as $a | reduce range(999) as $i (0; . + ($a - $a | length))'",
  "jq -n 'reduce range(18) as $i (\"a\"; . + .) | . as $s | reduce range(999) as $i (0; . + ($s | ascii_upcase | length))'",
  "sed -n ':a;s/^\\(.*\\)$/\\1x/;ba' <<< x",
];

/** Commands of a group with a thousand files: in the embedded shell, and by the container's code on this machine. */
export async function shells(): Promise<void> {
  const embedded = await times(embeddedShell(manyFiles()), "grep -c word notes-7.md; ls | wc -l");
  let worst = 0;
  figure("embedded bash over a thousand files, p50", embedded, "ms", { most: 20 });
  for (const command of WORST) worst = Math.max(worst, await longestHold(command));
  figure("the worst embedded command, longest time that nobody else has a turn", worst, "ms", { most: 1000 });
  const lacking = whyNoHands();
  if (lacking) console.log(`the container's file comparison was not measured: ${lacking}`);
  else await container();
}

/** Beyond the command: what the same machine takes for it with no file at all. */
async function container(): Promise<void> {
  const hands = new LocalHands();
  const reach = { egress: "none", outside: false, main: false };
  const open = (notebook: Notebook) => containerShell(new Container(hands, newMarker), notebook, { reach });
  const bare = await times(open(manyFiles(0)), "true");
  await hands.end();
  const notebook = manyFiles();
  const shell = open(notebook);
  const unchanged = await times(shell, "true");
  const changed = await times(shell, "date +%N > notes-7.md");
  figure("container: 1,000 unchanged files, beyond the command", unchanged - bare, "ms", { most: 100 });
  figure("container: one of 1,000 files changed, beyond the command", changed - bare, "ms", { most: 150 });
  await hands.end();
}

/** Milliseconds between two turns of others during a command. */
async function longestHold(command: string): Promise<number> {
  let last = performance.now();
  let longest = 0;
  const turn = () => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  };
  const others = setInterval(turn, 1);
  const signal = new AbortController().signal;
  await embeddedShell(manyFiles(0)).exec({ command, timeoutMs: 60_000, signal, author: AUTHOR });
  turn();
  clearInterval(others);
  return longest;
}

/** Median milliseconds of a warm command. */
async function times(shell: Shell, command: string): Promise<number> {
  const taken: number[] = [];
  for (let run = 0; run < 25; run++) {
    const at = performance.now();
    const { exitCode, stderr } = await shell.exec({
      command,
      timeoutMs: 60_000,
      signal: new AbortController().signal,
      author: AUTHOR,
    });
    if (exitCode !== 0) throw new Error(stderr);
    taken.push(performance.now() - at);
  }
  return percentiles(taken.slice(5)).p50;
}

/** A notebook in memory whose lists cost little, so that the shells are what is measured. */
function manyFiles(count = FILES): Notebook {
  const texts = new Map<string, { info: FileInfo; bytes: Uint8Array }>();
  let version = 0;
  const put = (path: string, content: string | Uint8Array) => {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    texts.set(path, {
      bytes,
      info: { path, size: bytes.length, updatedAt: 0, version: ++version, text: true },
    });
  };
  for (let index = 0; index < count; index++)
    put(`/workspace/group/notes-${index}.md`, `A line with a word in it, number ${index}.\n`.repeat(20));
  const absent = (path: string) => ({ ok: false as const, error: "not-found" as const, path });
  return {
    roots: () => [{ path: "/workspace/group", readOnly: false }],
    list: (folder) =>
      [...texts.values()].map(({ info }) => info).filter(({ path }) => path.startsWith(folder)),
    bytes: async (path) => {
      const file = texts.get(path);
      return file ? { ok: true, ...file } : absent(path);
    },
    read: async (path) => absent(path),
    search: async () => ({ matches: [], unread: 0 }),
    write: async (changes: Change[], _, commit) => {
      for (const change of changes) {
        if ("remove" in change) texts.delete(change.path);
        else put(change.path, change.content);
      }
      commit?.();
      return { ok: true, written: changes.flatMap(({ path }) => texts.get(path)?.info ?? []) };
    },
  };
}
