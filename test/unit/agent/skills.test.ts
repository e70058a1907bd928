import { existsSync, globSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isSkillPath, parseSkill, skillLines } from "../../../agent/skills.ts";
import { tools } from "../../../agent/tools/index.ts";
import { bundledSkills } from "../../../durable-objects/bundled-skills.ts";

const path = "/workspace/group/skills/weather/SKILL.md";
const weather = "---\nname: weather\ndescription: Look at the sky\n---\n\n# Weather\n\nUse web_fetch.\n";

test("a skill is read from its front matter and text", () => {
  const skill = {
    name: "weather",
    description: "Look at the sky",
    always: false,
    path,
    text: "# Weather\n\nUse web_fetch.",
  };
  expect(parseSkill(path, weather)).toEqual({ ok: true, skill });
  expect(
    parseSkill(path, `\uFEFF${weather.replaceAll("\n", "\r\n").replace("sky", "sky\r\nalways: true")}`),
  ).toMatchObject({ ok: true, skill: { always: true } });
});

test("what is no skill is refused with what to mend", () => {
  const broken: [source: string, reason: RegExp][] = [
    ["# Weather", /---/],
    ["---\nname: weather\n---\n", /description/],
    ["---\nname: My Weather\ndescription: x\n---\n", /lower-case/],
    ["---\nname: [\n---\n", /front matter/],
    ["---\n- a\n---\n", /front matter/],
  ];
  for (const [source, reason] of broken)
    expect(parseSkill(path, source)).toEqual({ ok: false, reason: expect.stringMatching(reason) });
});

test("no file makes the reader throw", () => {
  fc.assert(
    fc.property(fc.string(), (yaml) => {
      expect(parseSkill(path, `---\n${yaml}\n---\n`)).toHaveProperty("ok");
    }),
  );
});

test("the prompt names each skill in a line, and holds the text of those for always", () => {
  const parsed = [
    parseSkill(path, weather),
    parseSkill(
      path.replace("weather", "tea"),
      weather.replace("weather", "tea").replace("sky", "sky\nalways: true").replace("Use", "Pour"),
    ),
  ];
  const skills = parsed.flatMap((result) => (result.ok ? [result.skill] : []));
  const lines = skillLines(skills);
  expect(lines.split("\n")).toContain("- weather: Look at the sky");
  expect(lines).toContain("Pour web_fetch.");
  expect(lines).not.toContain("Use web_fetch.");
  expect(skillLines([])).toBe("");
});

test("skills lie in folders of their own", () => {
  expect(isSkillPath(path)).toBe(true);
  for (const other of [
    "/workspace/group/skills/SKILL.md",
    "/workspace/group/a/skills/b/SKILL.md",
    "/workspace/group/skills/a/b/SKILL.md",
  ]) {
    expect(isSkillPath(other)).toBe(false);
  }
});

describe("the skills that come along", () => {
  const folders = globSync("skills/*").map((folder) => folder.split("/")[1]!);
  const bodies = bundledSkills().map(({ text }) => text);

  test("are all those of the folder, each named as its own", () => {
    expect(folders.length).toBeGreaterThan(1);
    expect(
      bundledSkills()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(folders.sort());
    for (const folder of folders) expect(existsSync(`skills/${folder}/SKILL.md`)).toBe(true);
  });

  test("are short, and cost a request a line each", () => {
    for (const body of bodies) expect(body.length).toBeLessThan(2500);
    expect(skillLines(bundledSkills()).split("\n")).toHaveLength(folders.length + 1);
    expect(skillLines(bundledSkills()).length).toBeLessThan(50 + 60 * folders.length);
  });

  test("name only tools, skills and values that there are", () => {
    const names = bodies.flatMap((body) => [...body.matchAll(/`([a-z]+_[a-z]+)`/g)].map((match) => match[1]));
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !tools.some((tool) => tool.name === name))).toEqual([]);
    const others = bodies.flatMap((body) =>
      [...body.matchAll(/skill `([\w-]+)`/g)].map((match) => match[1]!),
    );
    expect(others.filter((name) => !folders.includes(name))).toEqual([]);
  });
});
