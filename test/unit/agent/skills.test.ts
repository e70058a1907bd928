import fc from "fast-check";
import { expect, test } from "vitest";
import { isSkillPath, parseSkill, skillLines } from "../../../agent/skills.ts";

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
  expect(lines).toContain(`- weather: Look at the sky (${path})`);
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
