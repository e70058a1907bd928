import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Action, type Actor, authorize, authorizeAll, keyOf } from "../../../agent/authorize.ts";
import { commands } from "../../../agent/commands.ts";
import { RIGHTS, ROLES, type Role } from "../../../agent/rights.ts";
import { tools, toolsFor } from "../../../agent/tools/index.ts";
import { rightsTable } from "../../rights-page.ts";

const actor = (role: Role, as?: Actor["as"]): Actor => ({ role, id: "1", ...(as ? { as } : {}) });
const who = (action: Action) => ROLES.filter((role) => authorize(actor(role, "main"), action).ok);
const command = (name: string): Action => ({ kind: "command", name });
const tool = (name: string): Action => ({ kind: "tool", name });

/** The action that a key of the table stands for. */
function actionOf(key: string): Action {
  const [kind, ...rest] = key.split(/:(.*)/s).filter(Boolean) as [string, string];
  const [verb, scope] = rest.join(":").split(":");
  if (["event", "command", "tool", "route"].includes(kind)) return { kind, name: rest[0] } as Action;
  if (kind === "send") return { kind, scope: verb } as Action;
  return { kind, verb, ...(scope ? { scope } : {}) } as Action;
}

const actions = RIGHTS.flatMap(({ keys }) => keys.map(actionOf));

describe("the table", () => {
  test("holds every command: everybody's, main's, and the one whose code is the proof", () => {
    const kinds = [["main", "member"], ["main"], ["main", "member", "stranger"]];
    for (const { name } of commands) expect(kinds).toContainEqual(who(command(name)));
    expect(who(command("main"))).toEqual(kinds[2]);
    for (const name of ["groups", "model", "pause", "resume"]) expect(who(command(name))).toEqual(["main"]);
  });

  test("holds every tool, and a group is shown those that it may use", () => {
    for (const { name } of tools) {
      expect([name, authorize(actor("main"), tool(name)).ok]).toEqual([name, true]);
      const shown = toolsFor(false).some((other) => other.name === name);
      expect([name, authorize(actor("member"), tool(name)).ok]).toEqual([name, shown]);
    }
    expect(toolsFor(true)).toEqual(tools);
  });

  test("names nothing twice and nothing that there is not", () => {
    const keys = RIGHTS.flatMap((right) => right.keys);
    expect(new Set(keys).size).toBe(keys.length);
    expect(actions.map(keyOf)).toEqual(keys);
    const named = (kind: string) =>
      keys.filter((key) => key.startsWith(`${kind}:`)).map((key) => key.slice(kind.length + 1));
    expect(named("tool").filter((name) => !tools.some((other) => other.name === name))).toEqual([]);
  });

  // vitest -u writes it.
  test("stands in docs/threat-model.md as it is", async () => {
    const page = readFileSync("docs/threat-model.md", "utf8");
    await expect(page.replace(/^\|.*\|$/ms, () => rightsTable())).toMatchFileSnapshot(
      "../../../docs/threat-model.md",
    );
  });
});

describe("every actor and every action", () => {
  test.each(ROLES)("%s may do what the table says, and nothing else", (role) => {
    for (const right of RIGHTS)
      for (const action of right.keys.map(actionOf)) {
        const expected = right.who.includes(role) && (role !== "task" || right.who.includes("main"));
        expect([keyOf(action), authorize(actor(role, "main"), action).ok]).toEqual([keyOf(action), expected]);
      }
  });

  test("a member of one group is nobody in another", () => {
    const theirs = actions.filter((action) => "scope" in action && action.scope === "other");
    expect(theirs.length).toBeGreaterThan(2);
    for (const action of theirs) expect(authorize(actor("member"), action).ok).toBe(false);
  });

  test("a bot's and a guest's words are heard and start nothing", () => {
    for (const role of ["bot", "guest"] as const) {
      const may = actions.filter((action) => authorize(actor(role), action).ok).map(keyOf);
      expect(may).toEqual(["event:message", "event:edit", "event:reaction"]);
    }
  });

  test("a request without a token reaches what needs none, and nothing of the API", () => {
    const may = actions.filter((action) => authorize(actor("visitor"), action).ok).map(keyOf);
    expect(may.length).toBeGreaterThan(0);
    expect(may.filter((key) => !key!.startsWith("route:") || key!.includes("/api/"))).toEqual([]);
  });

  test("a task never may more than whoever made it, and nothing without one", () => {
    for (const action of actions) {
      expect(authorize(actor("task"), action).ok).toBe(false);
      for (const as of ["main", "member"] as const)
        if (authorize(actor("task", as), action).ok) expect(authorize(actor(as), action).ok).toBe(true);
    }
    for (const as of ["bot", "owner", "host", "task"])
      expect(authorize({ role: "task", id: "1", as } as never, tool("bash")).ok).toBe(false);
  });

  test("nobody but the owner and main reads the audit, and no tool does", () => {
    expect(who({ kind: "audit", verb: "read" })).toEqual(["owner", "main"]);
    expect(tools.filter(({ name }) => name.includes("audit"))).toEqual([]);
  });
});

describe("a turn", () => {
  const anyone = fc.constantFrom(...ROLES).map((role) => actor(role, "main"));
  const anything = fc.constantFrom(...actions);

  test("may do what everyone who speaks in it may", () => {
    fc.assert(
      fc.property(fc.array(anyone, { minLength: 1 }), anything, (actors, action) => {
        const each = actors.every((one) => authorize(one, action).ok);
        expect(authorizeAll(actors, action).ok).toBe(each);
      }),
    );
  });

  test("in which nobody speaks may do nothing", () => {
    for (const action of actions) expect(authorizeAll([], action).ok).toBe(false);
  });

  test("that read text from outside reaches no other chat and changes none", () => {
    const lost = actions.filter(
      (action) => authorize(actor("main"), action).ok && !authorize(actor("main"), action, "outside").ok,
    );
    expect(lost.map(keyOf).sort()).toEqual([
      "file:restore:global",
      "file:write:global",
      "file:write:mount",
      "group:configure",
      "group:register",
      "group:remove",
      "send:other",
      "task:change:other",
      "tool:configure_group",
      "tool:register_group",
      "tool:remove_group",
    ]);
    const verdict = authorize(actor("main"), { kind: "send", scope: "other" }, "outside");
    expect(verdict.ok ? "" : verdict.reason).toContain("/new");
  });
});

describe("what is missing or unknown", () => {
  test("is refused, also to main and the owner", () => {
    for (const action of actions)
      for (const field of Object.keys(action)) {
        const { [field as "kind"]: _, ...rest } = action;
        for (const role of ["main", "owner", "host"] as const)
          expect(authorize(actor(role), rest as Action).ok).toBe(false);
      }
    for (const name of ["", "BASH", "bash ", "constructor", "__proto__", "shutdown"])
      for (const kind of ["tool", "command", "event", "route"])
        expect(authorize(actor("main"), { kind, name } as Action).ok).toBe(false);
  });

  test("never throws", () => {
    const strange = fc.oneof(
      fc.anything(),
      fc.record({
        kind: fc.oneof(fc.string(), fc.constantFrom("file", "tool", "group", "send")),
        name: fc.anything(),
        verb: fc.anything(),
        scope: fc.anything(),
      }),
    );
    fc.assert(
      fc.property(strange, (action) => {
        expect(authorize(actor("main"), action as Action).ok).toBe(false);
      }),
    );
    const nobody = fc.oneof(
      fc.anything(),
      fc.record({ role: fc.constantFrom("main", "admin", "constructor"), id: fc.constantFrom("", 1, null) }),
    );
    fc.assert(
      fc.property(nobody, (strangeActor) => {
        expect(authorize(strangeActor as Actor, tool("bash")).ok).toBe(false);
      }),
    );
  });

  test("is told in a sentence", () => {
    for (const role of ROLES)
      for (const action of actions) {
        const verdict = authorize(actor(role), action, "outside");
        if (!verdict.ok) expect(verdict.reason).toMatch(/^[A-Z].*\.$/s);
      }
  });
});
