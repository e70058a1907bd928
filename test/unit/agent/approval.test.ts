import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { needsApproval, shownCall } from "../../../agent/approval.ts";
import { readSettings } from "../../../agent/group-settings.ts";
import { tools } from "../../../agent/tools/index.ts";

const toolCalled = (name: string) => tools.find((tool) => tool.name === name)!;
const asks = (marks: string[], name: string, args: object, trust: "member" | "outside" = "member") =>
  needsApproval({ tool: toolCalled(name), args, trust }, marks) !== undefined;
const bash = (command: string) => ({ command });

describe("a mark", () => {
  test("is the name of a tool, with * for anything", () => {
    expect(asks(["bash"], "bash", bash("ls"))).toBe(true);
    expect(asks(["*_task"], "cancel_task", { task: "1" })).toBe(true);
    expect(asks(["*_task"], "list_tasks", {})).toBe(false);
    expect(asks(["*"], "read_file", { path: "x" })).toBe(true);
    expect(asks(["bas", "ash", "b.sh"], "bash", bash("ls"))).toBe(false);
  });

  test.each([
    "git push",
    "  git   push origin main",
    "cd x && git push -f",
    "true; git push",
    "echo $(git push)",
    "`git push`",
    "git 'push'",
    'g"i"t pu\\sh',
    "sudo git push",
    "/usr/bin/git push",
    "if true; then git push; fi",
    "git\npush",
    "GIT PUSH",
  ])("of a command is found in %j", (command) => {
    expect(asks(["bash:git push"], "bash", bash(command))).toBe(true);
    expect(asks(["bash:git push*"], "bash", bash(command))).toBe(true);
  });

  test.each(["git pull", "gitpush", "mygit push", "git pushed", "git-push", "ls push git"])(
    "of a command is not found in %j",
    (command) => expect(asks(["bash:git push"], "bash", bash(command))).toBe(false),
  );

  test("of a command says nothing of other tools, and no pattern breaks the rule", () => {
    expect(asks(["bash:*"], "write_file", { path: "a", content: "git push" })).toBe(false);
    const word = fc.stringMatching(/^[a-z]{1,9}$/);
    fc.assert(fc.property(word, (text) => asks([`bash:${text}`], "bash", bash(`x | ${text} y`))));
    fc.assert(
      fc.property(fc.string(), fc.string(), (pattern, command) => {
        asks([`bash:${pattern}`], "bash", bash(command));
      }),
    );
  });
});

describe("a turn that has read text from outside", () => {
  test("asks before it writes to another chat, and does all else as it may", () => {
    const to = { text: "hi", to: "telegram:1" };
    expect(asks([], "send_message", to, "outside")).toBe(true);
    expect(asks([], "send_message", to)).toBe(false);
    expect(asks([], "send_message", { text: "hi" }, "outside")).toBe(false);
    expect(asks([], "bash", bash("ls"), "outside")).toBe(false);
  });
});

describe("the call as it is shown", () => {
  test("is the command itself, or the arguments", () => {
    expect(shownCall("bash", '{"command":"ls -l"}')).toBe("ls -l");
    expect(shownCall("bash", '{"command":"ls","timeout":3}')).toContain('"timeout": 3');
    expect(shownCall("send_message", '{"text":"hi","to":"x"}')).toContain('"to": "x"');
  });

  test("hides nothing: what nobody sees is written out", () => {
    const shown = shownCall("bash", JSON.stringify({ command: "ls\u200b \u202egpj.exe\u0007" }));
    expect(shown).toBe("ls\\u{200b} \\u{202e}gpj.exe\\u{7}");
  });
});

describe("the settings", () => {
  const read = (settings: Record<string, string>) => readSettings(settings);

  test("take tools and commands, and say what is none", () => {
    expect(read({ approval: "bash:git push*, send_message,calendar__*" })).toEqual({
      ok: true,
      change: { approval: ["bash:git push*", "send_message", "calendar__*"] },
    });
    expect(read({ approval: "default" })).toEqual({ ok: true, change: { approval: null } });
    for (const wrong of ["bahs", "git push", "bash:", "bash: "])
      expect(read({ approval: wrong })).toMatchObject({ ok: false });
  });

  test("take ids of approvers, main or nobody, and never everyone or a name", () => {
    expect(read({ approvers: "telegram:1001,1002" })).toEqual({
      ok: true,
      change: { approvers: ["telegram:1001", "1002"] },
    });
    expect(read({ approvers: "main" })).toEqual({ ok: true, change: { approvers: null } });
    expect(read({ approvers: "nobody" })).toEqual({ ok: true, change: { approvers: [] } });
    for (const wrong of ["everyone", "@ann", "Ann"])
      expect(read({ approvers: wrong })).toMatchObject({ ok: false });
  });
});
