import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { Container, NoContainers, OutcomeUnknown } from "../../../sandbox/container.ts";
import { type ContainerOptions, containerShell } from "../../../sandbox/container-shell.ts";
import type { Reach } from "../../../sandbox/hands.ts";
import { LocalHands, newMarker } from "../../peers/local-hands.ts";
import { whyNoHands } from "../../peers/machine.ts";
import { memoryNotebook } from "../tools/memory-notebook.ts";
import { ann, exec, names, textOf } from "./shell-contract.ts";

const lacking = whyNoHands();
const isRoot = process.getuid?.() === 0;
const opened: LocalHands[] = [];
afterAll(async () => {
  for (const hands of opened) await hands.end();
});

function machine(files: Record<string, string | Uint8Array> = {}, more: Partial<ContainerOptions> = {}) {
  const notebook = memoryNotebook(
    Object.fromEntries(Object.entries(files).map(([name, content]) => [`/workspace/group/${name}`, content])),
  );
  const hands = new LocalHands();
  opened.push(hands);
  const options = { reach: { egress: "none", outside: false, main: false }, ...more };
  let last: string | undefined;
  const set = (run: string) => {
    last = run;
  };
  const kept = { get: () => last, set };
  const open = () => containerShell(new Container(hands, newMarker, kept), notebook, options);
  return { notebook, hands, open, shell: open() };
}

/** The bounds are what ends it: as text it looks like nothing dangerous. */
const FORKS = `python3 -c "import os
while True:
  try: os.fork()
  except OSError: pass"`;

const runs = (hands: LocalHands) => hands.calls.filter((call) => call.includes("hands.py run"));

/** The processes of this machine whose command line holds a word. */
function processesWith(word: string): string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(word);
    } catch {
      return false;
    }
  });
}

const title = `a container${lacking ? ` (${lacking})` : ""}`;

describe(title, { concurrent: true, skip: lacking !== undefined }, () => {
  test("that slept or died between two commands is started again with all files, and empties nothing", async () => {
    const { notebook, hands, shell } = machine({ "a.md": "a", "d/b.md": "b" });
    await exec(shell, "echo c > c.md; touch /tmp/x");
    await hands.end();
    expect(await exec(shell, "cat a.md d/b.md c.md")).toMatchObject({ stdout: "abc\n", exitCode: 0 });
    expect(hands.starts).toBe(2);
    expect(names(notebook)).toEqual(["group/a.md", "group/c.md", "group/d/b.md"]);
  });

  test("that dies in the middle of a command: the outcome is unknown, nothing is lost, and the next one starts it", async () => {
    const { notebook, hands, shell } = machine({ "a.md": "a", "b.md": "b" });
    await exec(shell, "true");
    const running = exec(shell, "rm a.md; echo x > c.md; sleep 20");
    await expect.poll(() => existsSync(hands.path("/workspace/group/c.md"))).toBe(true);
    await hands.end();
    await expect(running).rejects.toThrow(OutcomeUnknown);
    await expect(running).rejects.toThrow(/outcome is unknown/);
    expect(names(notebook)).toEqual(["group/a.md", "group/b.md"]);
    expect(await exec(shell, "ls")).toMatchObject({ stdout: "a.md\nb.md\n" });
  });

  test("whose group's object died goes on where it was, without what the command that was running did", async () => {
    const { notebook, hands, open } = machine({ "a.md": "a" });
    await exec(open(), "echo kept > kept.md; mkdir -p .cache; echo tools > .cache/made");
    const orphan = exec(
      open(),
      "echo begun > begun.md; echo changed > a.md; rm kept.md; echo more > begun.md; sleep 21.5; echo late > late.md",
    ).catch((error) => error);
    await expect.poll(() => existsSync(hands.path("/workspace/group/kept.md"))).toBe(false);
    expect(await exec(open(), "cat a.md kept.md .cache/made; ls")).toMatchObject({
      stdout: "akept\ntools\na.md\nkept.md\n",
    });
    await orphan;
    expect(hands.starts).toBe(1);
    expect(names(notebook)).toEqual(["group/a.md", "group/kept.md"]);
    expect(processesWith("sleep\u000021.5")).toEqual([]);
  });

  test("cannot be reached: nothing was run, and the next command tries again", async () => {
    const { hands, shell } = machine();
    hands.before = () => {
      throw new Error("no capacity");
    };
    await expect(exec(shell, "echo x > a.md")).rejects.toThrow(/no capacity.*nothing was run/);
    hands.before = () => {};
    expect(await exec(shell, "ls")).toMatchObject({ stdout: "" });
  });

  test("that is full is ended, and the next command runs in a new one", async () => {
    const { notebook, hands, shell } = machine({ "a.md": "a" });
    await exec(shell, "echo b > b.md");
    hands.before = (what) => {
      if (hands.starts === 1 && what.startsWith("put")) throw new Error("No space left on device");
    };
    await expect(exec(shell, "ls")).rejects.toThrow(/nothing was run/);
    expect(await exec(shell, "cat a.md b.md")).toMatchObject({ stdout: "ab\n" });
    expect(hands.starts).toBe(2);
    expect(names(notebook)).toEqual(["group/a.md", "group/b.md"]);
  });

  test("that cannot be asked any more while a command runs is ended with all that the command did", async () => {
    const { notebook, hands, shell } = machine({ "a.md": "a" });
    await exec(shell, "true");
    const run = hands.run.bind(hands);
    hands.run = async (command, reach) => {
      const ran = await run(command, reach);
      if (command.includes("hands.py run")) throw new Error("Network connection lost.");
      return ran;
    };
    await expect(exec(shell, "echo half > a.md; echo new > b.md; touch ../left")).rejects.toThrow(
      OutcomeUnknown,
    );
    hands.run = run;
    expect(await exec(shell, "cat a.md; ls; ls ..")).toMatchObject({
      stdout: expect.stringMatching(/^aa\.md\n/),
    });
    expect(names(notebook)).toEqual(["group/a.md"]);
    expect(existsSync(hands.path("/workspace/left"))).toBe(false);
  });

  test("that an account does not have is told apart", async () => {
    const { hands, shell } = machine();
    hands.before = () => {
      throw new Error("Containers have not been enabled for this Durable Object class.");
    };
    await expect(exec(shell, "ls")).rejects.toThrow(NoContainers);
  });

  test("loses its helper's disk before any call: the command runs once, on a new start", async () => {
    for (let at = 0; at < 3; at++) {
      const { notebook, hands, shell } = machine({ "a.md": "a" });
      await exec(shell, "true");
      await notebook.write([{ path: "b.md", content: "b" }], ann);
      let call = 0;
      hands.before = async () => {
        if (call++ === at) await hands.end();
      };
      expect(await exec(shell, "ls; echo ran >> log")).toMatchObject({
        stdout: expect.stringMatching(/^a.md\nb.md\n/),
      });
      expect(await textOf(notebook, "log")).toBe("ran\n");
    }
  });

  test("a file that both changed at once is kept twice, and both sides agree then", async () => {
    const { notebook, hands, shell } = machine({ "notes.md": "old", "gone.md": "g" });
    await exec(shell, "true");
    const running = exec(
      shell,
      "echo mine > notes.md; rm gone.md; while [ ! -e /workspace/group/go ]; do sleep 0.02; done; rm go",
    );
    await expect.poll(() => existsSync(hands.path("/workspace/group/gone.md"))).toBe(false);
    await notebook.write(
      [
        { path: "notes.md", content: "theirs" },
        { path: "gone.md", content: "new" },
      ],
      ann,
    );
    writeFileSync(hands.path("/workspace/group/go"), "");
    expect((await running).stderr).toMatch(/notes\.md -> .*notes \(sandbox\)\.md/);
    expect(await textOf(notebook, "notes.md")).toBe("theirs");
    expect(await textOf(notebook, "notes (sandbox).md")).toBe("mine\n");
    expect(await textOf(notebook, "gone.md")).toBe("new");
    expect(await exec(shell, "cat notes.md 'notes (sandbox).md' gone.md")).toMatchObject({
      stdout: "theirsmine\nnew",
      stderr: "",
    });
  });

  test("a file that changes while it is written back is planned again", async () => {
    const { notebook, shell } = machine({ "a.md": "one" });
    await exec(shell, "true");
    const write = notebook.write.bind(notebook);
    notebook.write = async (...args) => {
      notebook.write = write;
      await write([{ path: "a.md", content: "theirs" }], ann);
      return write(...args);
    };
    await exec(shell, "echo mine > a.md");
    expect(await textOf(notebook, "a.md")).toBe("theirs");
    expect(await textOf(notebook, "a (sandbox).md")).toBe("mine\n");
  });

  test("what can't be kept is told and harms nothing: links, odd names, huge files, folders in a file's place", async () => {
    const { notebook, shell } = machine({ "a.md": "a", "b.md": "b", "big.bin": "small" });
    const command =
      "ln -s /etc/passwd out; rm b.md; ln -s /etc b.md; printf x > $'tab\\t.md'; printf x > $'\\xff.md'; " +
      "mkfifo pipe; truncate -s 5G big.bin; truncate -s 11M other.bin; rm a.md; mkdir a.md; echo inner > a.md/c; echo ok > ok.md";
    const { stderr } = await exec(shell, command);
    for (const told of [
      "out (a link)",
      "b.md (a link)",
      "pipe (no plain file)",
      "tab",
      "big.bin",
      "other.bin",
    ])
      expect(stderr).toContain(told);
    expect(names(notebook)).toEqual(["group/a.md/c", "group/b.md", "group/big.bin", "group/ok.md"]);
    expect(await textOf(notebook, "b.md")).toBe("b");
    expect(await textOf(notebook, "big.bin")).toBe("small");
  });

  test("files under folders that tools make again are not kept, unless the notebook has them", async () => {
    const { notebook, shell } = machine({ "node_modules/own.js": "1" });
    await exec(
      shell,
      "mkdir -p node_modules/x .cache; echo 1 > node_modules/x/i.js; echo 1 > .cache/c; echo 2 >> node_modules/own.js",
    );
    expect(names(notebook)).toEqual(["group/node_modules/own.js"]);
    expect(await textOf(notebook, "node_modules/own.js")).toBe("12\n");
  });

  test("a link that a command leaves in a folder's place leads the Worker's files nowhere else", async () => {
    const { notebook, hands, shell } = machine({ "d/a.md": "a" });
    await exec(shell, "true");
    rmSync(hands.path("/workspace/group/d"), { recursive: true });
    symlinkSync(hands.path("/elsewhere"), hands.path("/workspace/group/d"));
    await notebook.write([{ path: "d/a.md", content: "new" }], ann);
    expect(await exec(shell, "cat d/a.md")).toMatchObject({ stdout: "new" });
    expect(lstatSync(hands.path("/workspace/group/d")).isDirectory()).toBe(true);
    expect(existsSync(hands.path("/elsewhere"))).toBe(false);
  });

  test("a link that a command leaves in a folder's place leads nowhere when its changes are taken over, or undone", async () => {
    const { notebook, hands, shell } = machine({ "x/marker": "ours", "x/y/marker": "ours" });
    await exec(shell, "true");
    const secret = hands.path("/secret");
    mkdirSync(`${secret}/y`, { recursive: true });
    for (const path of ["marker", "y/marker", "other"]) writeFileSync(`${secret}/${path}`, "secret");
    const stop = new AbortController();
    const running = exec(shell, `rm -r x; ln -s ${secret} x; sleep 20`, { signal: stop.signal });
    await expect.poll(() => lstatSync(hands.path("/workspace/group/x")).isSymbolicLink()).toBe(true);
    stop.abort();
    await running;
    expect(await exec(shell, "cat x/marker x/y/marker")).toMatchObject({ stdout: "oursours" });
    await exec(shell, `rm -r x; ln -s ${secret} x`);
    await exec(shell, `cd ..; mv group was; ln -s ${secret} group`);
    for (const { path } of notebook.list("/workspace"))
      expect(await textOf(notebook, path)).not.toBe("secret");
    expect(readdirSync(secret)).toEqual(["marker", "other", "y"]);
    expect(readFileSync(`${secret}/marker`, "utf8")).toBe("secret");
  });

  test("a path that is too long for the machine is told, and the next command runs", async () => {
    const { notebook, shell } = machine();
    const long = "n=$(printf 'd%.0s' {1..200}); f=$(printf 'f%.0s' {1..250})";
    const { stderr } = await exec(
      shell,
      `${long}; echo ok > ok.md; for i in {1..25}; do mkdir $n; cd -P $n; touch $f; done`,
    );
    expect(stderr).toContain("File name too long");
    expect(await exec(shell, "rm -rf ddd*; ls")).toMatchObject({ stdout: expect.stringContaining("ok.md") });
    expect(names(notebook)).toContain("group/ok.md");
  });

  test("a file that the notebook refuses is left out with the reason, and the others are kept", async () => {
    const { notebook, shell } = machine({ "a.md": "a" });
    const write = notebook.write.bind(notebook);
    notebook.write = async (changes, author, commit) =>
      changes.some(({ path }) => path.endsWith("/bad.md"))
        ? { ok: false, error: "too-many", path: "/workspace/group/bad.md", limit: 1 }
        : write(changes, author, commit);
    const { stderr } = await exec(shell, "echo 1 > bad.md; echo 2 > good.md");
    expect(stderr).toContain("bad.md");
    expect(names(notebook)).toEqual(["group/a.md", "group/good.md"]);
  });

  test("where a folder is full, all new files are left out at once; changes and removals are kept", async () => {
    const { notebook, shell } = machine({ "a.md": "a", "b.md": "b" });
    const write = notebook.write.bind(notebook);
    let writes = 0;
    notebook.write = async (changes, author, commit) => {
      writes++;
      const added = changes.find((change) => "content" in change && change.expect === 0);
      return added
        ? { ok: false, error: "too-many", path: added.path, limit: 2 }
        : write(changes, author, commit);
    };
    const command = "for i in $(seq 200); do echo $i > f$i; done; echo changed > a.md; rm b.md";
    const { stderr } = await exec(shell, command);
    expect(stderr).toMatch(/Not kept: .* and 189 more\. There is no room for .*holds 2 files/);
    expect(names(notebook)).toEqual(["group/a.md"]);
    expect(await textOf(notebook, "a.md")).toBe("changed\n");
    expect(writes).toBe(3);
  });

  test("what `commit` throws leaves nothing: neither now nor with the next command", async () => {
    const { notebook, shell } = machine({ "a.md": "a" });
    await exec(shell, "true");
    const write = notebook.write.bind(notebook);
    notebook.write = async (changes, author, commit) => {
      commit?.();
      return write(changes, author);
    };
    const commit = () => {
      throw new Error("stopped at the last moment");
    };
    await expect(exec(shell, "echo b > a.md; echo c > c.md", { commit })).rejects.toThrow("last moment");
    expect(await exec(shell, "cat a.md; ls")).toMatchObject({ stdout: "aa.md\n" });
  });

  test("nothing that a command starts outlives it", async () => {
    const { shell } = machine();
    await exec(shell, "(setsid sleep 31.25 &) ; sleep 31.5 & nohup sleep 31.75 >/dev/null 2>&1 & echo done");
    for (const word of ["31.25", "31.5", "31.75"]) expect(processesWith(word)).toEqual([]);
  });

  test("a command that ignores TERM ends, by its timeout and when it is stopped", async () => {
    const { shell } = machine();
    const stubborn = "trap '' TERM; while :; do sleep 0.1; done";
    expect(await exec(shell, stubborn, { timeoutMs: 1000 })).toMatchObject({
      ended: "timeout",
      exitCode: 124,
    });
    const stop = new AbortController();
    const running = exec(shell, stubborn, { signal: stop.signal });
    setTimeout(() => stop.abort(), 200);
    expect(await running).toMatchObject({ ended: "stopped" });
    expect(processesWith("trap '' TERM")).toEqual([]);
  });

  test("exit codes and signals are the command's own", async () => {
    const { shell } = machine();
    expect(await exec(shell, "exit 7")).toMatchObject({ exitCode: 7 });
    expect(await exec(shell, "kill -SEGV $$")).toMatchObject({ exitCode: 139 });
    expect(await exec(shell, "no-such-command")).toMatchObject({ exitCode: 127 });
  });

  test("commands learn where their image keeps the browser, which no variable of the image tells them", async () => {
    const { shell } = machine();
    const image = readFileSync(new URL("../../../sandbox/Dockerfile", import.meta.url), "utf8");
    const { stdout } = await exec(shell, 'echo "$AGENT_BROWSER_EXECUTABLE_PATH $PLAYWRIGHT_BROWSERS_PATH"');
    const [browser, folder] = stdout.trim().split(" ");
    expect(image).toMatch(new RegExp(`ln -s ${folder}/\\S+ ${browser} `));
  });

  test("a flood of output is ended; head and tail are kept", async () => {
    const { shell } = machine();
    const result = await exec(shell, "echo first; yes flood", { timeoutMs: 20_000 });
    expect(result).toMatchObject({ ended: "limit", exitCode: 126 });
    expect(result.stdout.startsWith("first\n")).toBe(true);
    expect(result.stdout).toContain("bytes were not kept");
    expect(result.stdout.length).toBeLessThan(5_000_000);
  });

  test.skipIf(!isRoot)(
    "commands have no rights, no secret and no way to the helper's files (as root only)",
    async () => {
      const canary = "canary-4711";
      process.env.OPENAI_API_KEY = canary;
      const { hands, shell } = machine({}, { env: ["TZ=Asia/Tokyo"] });
      const { stdout } = await exec(
        shell,
        "id -u; date +%Z; env; cat /proc/*/environ 2>/dev/null | tr '\\0' '\\n'; grep -s NoNewPrivs /proc/self/status; ls /var/lib/nanoflare",
      );
      delete process.env.OPENAI_API_KEY;
      expect(stdout).toMatch(/^1000\nJST\n/);
      expect(stdout).toMatch(/NoNewPrivs:\s*1/);
      expect(stdout).not.toContain(canary);
      expect(stdout).not.toMatch(/KEY|TOKEN|SECRET/);
      const peek = await exec(
        shell,
        `cat ${hands.path("/var/lib/nanoflare/base.json")}; echo x > ${hands.path("/var/lib/nanoflare/marker")}`,
      );
      expect(peek.stderr.match(/Permission denied/g)).toHaveLength(2);
      const global = await exec(shell, "echo x > /workspace/global/x.md");
      expect(global.stderr).toContain("Permission denied");
    },
  );

  test("a read-only folder that was changed all the same changes nothing in the notebook", async () => {
    const notebook = memoryNotebook({ "/workspace/global/RULES.md": "rules" });
    const hands = new LocalHands();
    opened.push(hands);
    const reach = { egress: "none", outside: false, main: false };
    const shell = containerShell(new Container(hands, newMarker), notebook, { reach });
    await exec(shell, "true");
    chmodSync(hands.path("/workspace/global"), 0o777);
    expect((await exec(shell, "rm -f ../global/RULES.md; echo x > ../global/new.md")).exitCode).toBe(0);
    expect(names(notebook)).toEqual(["global/RULES.md"]);
  });

  test("what a command could read from outside is told, by its files and by the hosts it reached", async () => {
    let outside = 0;
    const { notebook, hands, shell } = machine({ "a.md": "a" }, { outside: () => outside++ });
    const authors: string[] = [];
    const write = notebook.write.bind(notebook);
    notebook.write = (changes, author, commit) => {
      authors.push(author.trust);
      return write(changes, author, commit);
    };
    await exec(shell, "echo 1 > b.md");
    hands.reached = ["pypi.org"];
    await exec(shell, "echo 2 > b.md");
    expect({ outside, authors }).toEqual({ outside: 1, authors: ["member", "outside"] });
    hands.reached = [];
    const list = notebook.list.bind(notebook);
    notebook.list = (folder) =>
      list(folder).map((info) => (info.path.endsWith("a.md") ? { ...info, outside: true } : info));
    hands.calls = [];
    hands.before = (what) => void (what.includes(" run ") && expect(outside).toBe(2));
    expect((await exec(shell, "true")).stderr).toMatch(/from outside.*: \/workspace\/group\/a\.md/);
    expect(outside).toBeGreaterThanOrEqual(2);
  });

  test("a file from outside runs with what its writer may, also where a clean turn starts it; the rest reaches nothing", async () => {
    const { hands, notebook } = machine({ "run.sh": "echo ran" });
    const list = notebook.list.bind(notebook);
    notebook.list = (folder) =>
      list(folder).map((info) => (info.path.endsWith("run.sh") ? { ...info, outside: true } : info));
    const reaches: [string, Reach][] = [];
    const run = hands.run.bind(hands);
    hands.run = (command, reach) => {
      reaches.push([/hands\.py (\w+)/.exec(command)![1]!, reach]);
      return run(command, reach);
    };
    const clean = { egress: "open", outside: false, main: true };
    const shell = containerShell(new Container(hands, newMarker), notebook, { reach: clean });
    expect(await exec(shell, "sh run.sh")).toMatchObject({ stdout: "ran\n" });
    expect(new Set(reaches.map(([verb]) => verb))).toEqual(new Set(["look", "run"]));
    for (const [verb, reach] of reaches)
      expect([verb, reach]).toEqual([
        verb,
        verb === "run" ? { ...clean, outside: true } : { egress: "none", outside: false, main: false },
      ]);
    notebook.list = list;
    reaches.length = 0;
    await exec(shell, "true");
    expect(reaches.filter(([verb]) => verb === "run")).toEqual([["run", clean]]);
  });

  test("a turn that read nothing from outside gets no container in which something from outside was", async () => {
    const { hands, notebook, shell } = machine({ "a.md": "a" });
    const reach = { egress: "open", outside: true, main: false };
    const container = new Container(hands, newMarker);
    const from = (outside: boolean) => containerShell(container, notebook, { reach: { ...reach, outside } });
    await exec(from(false), "echo kept > b.md");
    await exec(from(true), "touch ../left-behind");
    expect(await exec(from(true), "ls ..")).toMatchObject({ stdout: expect.stringContaining("left-behind") });
    expect(await exec(from(false), "ls ..; cat a.md b.md")).toMatchObject({
      stdout: expect.not.stringContaining("left"),
    });
    expect(hands.starts).toBe(2);
    await exec(from(false), "true");
    expect(hands.starts).toBe(2);
    hands.reached = ["pypi.org"];
    await exec(from(false), "true");
    expect(hands.starts).toBe(2);
    hands.reached = ["pypi.org"];
    expect(await exec(shell, "cat a.md b.md")).toMatchObject({ stdout: "akept\n" });
    expect(hands.starts).toBe(3);
  });

  test("many and large files come and go whole", async () => {
    const big = Uint8Array.from({ length: 5_000_000 }, (_, index) => (index * 31 + (index >> 9)) & 255);
    const { notebook, hands, shell } = machine({ "a.bin": big, "b.bin": big.toReversed() });
    await exec(shell, "cp a.bin c.bin; cp b.bin d.bin; for i in $(seq 200); do echo $i > f$i.md; done");
    const copy = await notebook.bytes("c.bin");
    expect(copy.ok && Buffer.compare(copy.bytes, big)).toBe(0);
    expect(names(notebook)).toHaveLength(204);
    const before = runs(hands).length;
    expect(await exec(shell, "cmp a.bin c.bin && cat f200.md")).toMatchObject({
      stdout: "200\n",
      stderr: "",
    });
    expect(runs(hands).length - before).toBe(1);
  });
});

/** Alone: it takes all processes that the user of commands may have. */
test.skipIf(!isRoot || lacking !== undefined)(
  "a fork bomb and a huge file run into their bounds (as root only)",
  async () => {
    const { notebook, shell } = machine();
    const bomb = await exec(shell, FORKS, { timeoutMs: 1000 });
    expect(bomb).toMatchObject({ ended: "timeout" });
    const file = await exec(shell, "truncate -s 900M large; truncate -s 5G huge; wc -c < huge");
    expect(file.stdout).toBe("0\n");
    expect(file.stderr).toMatch(/File too large|File size limit/);
    expect(file.stderr).toContain("large (it has");
    expect(names(notebook)).toEqual(["group/huge"]);
    expect(await exec(shell, "echo fine")).toMatchObject({ stdout: "fine\n" });
  },
);
