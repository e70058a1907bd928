import { expect, test } from "vitest";
import { commandFor, commands, helpText, parseCommand } from "../../../agent/commands.ts";

test("a command counts only at the very start, with or without our own name", () => {
  expect(parseCommand("/status")).toEqual({ name: "status", args: "" });
  expect(parseCommand("/MAIN  ab12\n")).toEqual({ name: "main", args: "ab12" });
  expect(parseCommand("/stop@FlareBot now", "flarebot")).toEqual({ name: "stop", args: "now" });
  for (const text of [
    " /status",
    "say /status",
    "/",
    "//",
    "/1",
    "/stop@OtherBot",
    "/stop@",
    "status",
    "/tmp/file",
  ]) {
    expect([text, parseCommand(text, "flarebot")]).toEqual([text, undefined]);
  }
  expect(parseCommand("/stop@FlareBot")).toBeUndefined();
});

test("the help names what may be typed here and nothing else", () => {
  const named = (text: string) => [...text.matchAll(/^- \/(\w+)/gm)].map((match) => match[1]);
  const mains = ["groups", "approve", "model", "pause", "resume"];
  const everyone = commands
    .filter((command) => !command.hidden && !mains.includes(command.name))
    .map((command) => command.name);
  expect(named(helpText(false))).toEqual(everyone);
  expect(named(helpText(true))).toEqual(expect.arrayContaining([...everyone, "groups", "approve"]));
  expect(named(helpText(true, ["help", "stop", "groups"]))).toEqual(["help", "stop", "groups"]);
});

test("the help reads as people see it", () => {
  expect(helpText(true)).toMatchSnapshot();
});

test("a command is found by its name in any case, and only by it", () => {
  expect(commandFor("STATUS")?.name).toBe("status");
  for (const name of ["", "constructor", "__proto__", "weather"]) expect(commandFor(name)).toBeUndefined();
});
