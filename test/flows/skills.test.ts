import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { call, command, newGroup, obeys } from "./obey.ts";
import { room } from "./talk.ts";

type Answer = {
  status: number;
  said?: string;
  error?: string;
  skills?: { name: string; problem?: string }[];
};

async function api(method: string, path: string, body?: unknown): Promise<Answer> {
  const headers = { authorization: "Bearer flow-admin", "content-type": "application/json" };
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await exports.default.fetch(
    new Request(`http://flare.test/api${path}`, { method, headers, ...sent }),
  );
  return { status: response.status, ...((await response.json()) as object) };
}

const tea = (more = "") => ({
  path: "SKILL.md",
  text: `---\nname: tea\ndescription: about tea\n${more}\n---\nBoil.`,
});

test("a folder becomes a skill with its files, and again exactly what is given", async () => {
  const chat = await newGroup();
  const at = `/skills?group=telegram:${chat}`;
  const script = { path: "scripts/boil.sh", text: "echo hot" };
  expect(
    await api("POST", at, { files: [tea(), script, { path: "cup.png", base64: "iVAA/w==" }] }),
  ).toMatchObject({
    said: expect.stringContaining("3 files"),
  });
  const [used, ran] = await obeys(chat, [
    call("use_skill", { name: "tea" }),
    call("bash", { command: "bash skills/tea/scripts/boil.sh; wc -c < skills/tea/cup.png" }),
  ]);
  expect(used).toContain("Boil.");
  expect(ran).toMatch(/hot\s+4/);
  expect((await api("POST", at, { files: [tea()] })).status).toBe(200);
  const [list] = await obeys(chat, [call("list_dir", { path: "skills/tea" })]);
  expect(list).toMatch(/^SKILL\.md \(\d+ bytes\)$/);
  expect(await api("DELETE", `/skills/tea?group=telegram:${chat}`)).toMatchObject({ status: 200 });
  expect((await api("GET", at)).skills?.map(({ name }) => name)).not.toContain("tea");
});

test("what is no skill, or leads out of its folder, is refused and writes nothing", async () => {
  const chat = await newGroup();
  const at = `/skills?group=telegram:${chat}`;
  const refused: [files: unknown[], why: RegExp][] = [
    [[], /no SKILL\.md/],
    [[{ path: "notes/SKILL.md", text: tea().text }], /no SKILL\.md/],
    [[{ path: "SKILL.md", text: "# Tea" }], /YAML/],
    [[{ path: "SKILL.md", text: "---\nname: ../../evil\ndescription: x\n---\n" }], /lower-case/],
    [[tea(), { path: "../other/SKILL.md", text: "x" }], /no path in a skill's folder/],
    [[tea(), { path: "../../../global/AGENTS.md", text: "x" }], /no path in a skill's folder/],
    [[tea(), { path: "/workspace/global/AGENTS.md", base64: "!!" }], /base64/],
    [[tea(), { path: "big.txt", text: "x".repeat(210_000) }], /at most/],
  ];
  for (const [files, why] of refused)
    expect([files.length, await api("POST", at, { files })]).toEqual([
      files.length,
      { status: 400, error: expect.stringMatching(why) },
    ]);
  for (const name of ["..", "%2e%2e%2fMEMORY.md", "nothing"])
    expect((await api("DELETE", `/skills/${name}?group=telegram:${chat}`)).status).toBeGreaterThanOrEqual(
      400,
    );
  for (const name of ["..", "."])
    expect(await room(chat).skills({ verb: "remove", scope: "group", name })).toMatchObject({ ok: false });
  const [files] = await obeys(chat, [call("glob", { pattern: "skills/**" })]);
  expect(files).toContain("No file");
});

test("broken skills are listed with what is wrong, and change nothing for the chat", async () => {
  const chat = await newGroup();
  await obeys(chat, [
    call("write_file", { path: "skills/heartbeat/SKILL.md", content: "---\nname: [\n---\n" }),
    call("write_file", {
      path: "skills/rocket/SKILL.md",
      content: tea("requirements: {tools: [launch]}").text.replaceAll("tea", "rocket"),
    }),
  ]);
  const { skills = [] } = await api("GET", `/skills?group=telegram:${chat}`);
  const problems = skills.filter(({ problem }) => problem).map(({ name, problem }) => `${name}: ${problem}`);
  expect(problems).toEqual([
    expect.stringMatching(/^browser: needs/),
    expect.stringMatching(/^github: needs/),
    "rocket: needs the tool launch",
    expect.stringMatching(/^heartbeat: .*front matter/),
  ]);
  await command(chat, "/new");
  const [used] = await obeys(chat, [call("use_skill", { name: "heartbeat" })]);
  expect(used).toContain("/workspace/skills/heartbeat/SKILL.md");
  expect((await api("GET", "/skills?group=Nobody")).status).toBe(400);
});
