import { expect, test } from "vitest";
import { commandFor, commands, helpText } from "../../../agent/commands.ts";

test("the help names what may be typed here and nothing else", () => {
  const named = (text: string) => [...text.matchAll(/^- \/(\w+)/gm)].map((match) => match[1]);
  const mains = ["groups", "model", "pause", "resume"];
  const everyone = commands
    .filter((command) => !command.hidden && !mains.includes(command.name))
    .map((command) => command.name);
  expect(named(helpText(false))).toEqual(everyone);
  expect(named(helpText(true))).toEqual(expect.arrayContaining([...everyone, "groups", "approve"]));
});

test("the help reads as people see it", () => {
  expect(helpText(true)).toMatchSnapshot();
});

test("a command is found by its name in any case, and only by it", () => {
  expect(commandFor("STATUS")?.name).toBe("status");
  for (const name of ["", "constructor", "__proto__", "weather"]) expect(commandFor(name)).toBeUndefined();
});
