import fc from "fast-check";
import { expect, test } from "vitest";
import { type Action, type Actor, authorize, authorizeTool, type Role } from "../../../agent/authorize.ts";
import { commands } from "../../../agent/commands.ts";

const roles: Role[] = ["main", "member", "host", "stranger", "bot"];
const who = (action: Action) => roles.filter((role) => authorize({ role, id: "1" }, action).ok);
const tool = (mainOnly?: boolean): Action => ({ kind: "tool", name: "bash", mainOnly, touches: [] });

test("each role may do what the table says", () => {
  expect(who({ kind: "wake" })).toEqual(["main", "member", "host"]);
  expect(who({ kind: "send", scope: "group" })).toEqual(["main", "member", "host"]);
  expect(who({ kind: "send", scope: "other" })).toEqual(["main", "host"]);
  expect(who({ kind: "api" })).toEqual(["main"]);
  expect(who(tool())).toEqual(["main", "member"]);
  expect(who(tool(true))).toEqual(["main"]);
  expect(who({ kind: "command", name: "main" })).toEqual(["main", "member", "stranger"]);
  for (const verb of ["register", "remove", "configure", "list"] as const)
    expect(who({ kind: "group", verb })).toEqual(["main", "host"]);
});

test("commands of main are for main alone", () => {
  for (const { name, mainOnly, anyone } of commands.filter((command) => !command.anyone)) {
    expect([name, anyone, who({ kind: "command", name })]).toEqual([
      name,
      anyone,
      mainOnly ? ["main"] : ["main", "member"],
    ]);
  }
});

test("nobody reaches another group's files, and only main and the house write global ones", () => {
  for (const verb of ["read", "write"] as const) {
    expect(who({ kind: "file", verb, scope: "other" })).toEqual([]);
    expect(who({ kind: "file", verb, scope: "group" })).toEqual(["main", "member", "host"]);
  }
  expect(who({ kind: "file", verb: "read", scope: "global" })).toEqual(["main", "member", "host"]);
  expect(who({ kind: "file", verb: "write", scope: "global" })).toEqual(["main", "host"]);
});

test("an action with any field missing is refused, also for main", () => {
  const actions: Action[] = [
    tool(),
    { kind: "command", name: "help" },
    { kind: "file", verb: "read", scope: "group" },
    { kind: "group", verb: "list" },
    { kind: "send", scope: "group" },
  ];
  for (const action of actions) {
    for (const field of Object.keys(action).filter((field) => field !== "mainOnly")) {
      const { [field as "kind"]: _, ...rest } = action;
      expect([action.kind, field, authorize({ role: "main", id: "1" }, rest as Action).ok]).toEqual([
        action.kind,
        field,
        false,
      ]);
    }
  }
});

test("an unknown actor or action is refused and never throws", () => {
  const main: Actor = { role: "main", id: "1" };
  const strange = fc.oneof(
    fc.anything(),
    fc.record({ kind: fc.string(), name: fc.anything(), verb: fc.anything(), scope: fc.anything() }),
  );
  fc.assert(
    fc.property(strange, (action) => {
      const harmless = ["wake", "api"].includes((action as Action)?.kind);
      expect(authorize(main, action as Action).ok).toBe(harmless);
    }),
  );
  const nobody = fc.oneof(
    fc.anything(),
    fc.record({ role: fc.constantFrom("main", "owner", "constructor"), id: fc.constantFrom("", 1, null) }),
  );
  fc.assert(
    fc.property(nobody, (actor) => {
      expect(authorize(actor as Actor, { kind: "wake" }).ok).toBe(false);
    }),
  );
});

test("a refusal says why in a sentence", () => {
  for (const verdict of [
    authorizeTool(false, { name: "register_group", mainOnly: true, touches: [] }),
    authorize({ role: "bot", id: "1" }, { kind: "wake" }),
  ]) {
    expect(verdict.ok ? "" : verdict.reason).toMatch(/^[A-Z].*\.$/);
  }
});

test("a turn runs main's tools in main only", () => {
  const mainOnly = { name: "register_group", mainOnly: true, touches: [] };
  expect(authorizeTool(true, mainOnly).ok).toBe(true);
  expect(authorizeTool(false, mainOnly).ok).toBe(false);
  expect(authorizeTool(undefined as never, mainOnly).ok).toBe(false);
  expect(authorizeTool(false, { name: "read_file", touches: [] }).ok).toBe(true);
});
