import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshFolder, type Install, startInstall } from "../e2e/install.ts";
import { type Everything, startEverything } from "../peers/everything.ts";
import { nanoflare } from "./run.ts";

let install: Install;
let everything: Everything;
beforeAll(async () => {
  everything = await startEverything();
  const servers = {
    everything: { url: everything.url, tools: ["echo", "get-sum"], read: ["echo"] },
    named: { url: everything.url, token: "TEAM_SECRET", tools: ["echo"] },
    gone: { url: "http://127.0.0.1:9/mcp", connectTimeout: 1 },
    keyless: { url: "https://example.org/mcp", token: "NOT_SET_TOKEN" },
  };
  install = await startInstall({
    env: {
      MCP_SERVERS: JSON.stringify(servers),
      TEAM_SECRET: "s3cret",
      OUTBOUND_ALLOW: `${new URL(everything.url).host},127.0.0.1:9`,
    },
  });
}, 60_000);
afterAll(async () => {
  everything.stop();
  await install.kill();
});

const here = (...args: string[]) => nanoflare(args, { env: install.env });
const told = async (...args: string[]) => {
  const { code, stdout, stderr } = await here(...args);
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: "" });
  return stdout;
};

function folderOf(name: string, source: string, more: Record<string, string | Uint8Array> = {}): string {
  const folder = join(freshFolder(), name);
  mkdirSync(join(folder, "scripts"), { recursive: true });
  for (const [path, content] of Object.entries({ "SKILL.md": source, ...more }))
    writeFileSync(join(folder, path), content);
  return folder;
}

const tea = (description: string) => `---\nname: tea\ndescription: ${description}\n---\nBoil water.\n`;

test("a skill's folder is added, shown and removed, for one chat or for all, beside what came along", async () => {
  const picture = Uint8Array.of(0x89, 0x50, 0, 0xff);
  const folder = folderOf("any-name", tea("how to make tea"), {
    "scripts/boil.sh": "echo hot\n",
    "cup.png": picture,
  });
  expect(await told("skills", "add", folder)).toMatch(/workspace\/group\/skills\/tea \(3 files\)/);
  await told("skills", "add", folderOf("tea", tea("green tea only")), "--global");
  const [list, shown] = await Promise.all([told("skills"), told("skills", "show", "tea")]);
  expect(list).toMatch(/^tea +group +ready +how to make tea/m);
  expect(list).toMatch(/^cron +bundled +ready/m);
  expect(list).toMatch(/^browser +bundled +needs the command agent-browser/m);
  expect(shown).toMatch(/boil\.sh[\s\S]*Boil water/);
  await told("skills", "remove", "tea");
  expect(await told("skills", "show", "tea")).toContain("(global): green tea only");
  await told("skills", "remove", "tea", "--global");
});

test("what is no skill is refused with what to mend", async () => {
  const needy = tea("x").replace("---\nBoil", "requirements: {bins: [kettle]}\n---\nBoil");
  const cases = [
    [["add", freshFolder()], /no SKILL\.md/],
    [["check", folderOf("x", "# No front matter")], /does not begin with YAML/],
    [["check", folderOf("x", needy)], /the command kettle/],
    [["check", folderOf("x", tea("x"))], /name is tea and its folder x/],
    [["check", folderOf("tea", tea("x").replace(/description.*\n/, ""))], /description must say what/],
    [["remove", "../MEMORY.md"], /no skill/],
  ] as const;
  await Promise.all(
    cases.map(async ([args, why]) => {
      const { code, stdout, stderr } = await here("skills", ...args);
      expect([args, code, stdout]).toEqual([args, 1, ""]);
      expect(stderr).toMatch(why);
    }),
  );
});

test("the servers of MCP_SERVERS are shown as they are, and what is set up wrongly is told without its value", async () => {
  const { code, stdout, stderr } = await here("mcp", "list", "--refresh");
  expect(code).toBe(0);
  expect(stderr).toMatch(/MCP_SERVERS: keyless: NOT_SET_TOKEN is not set/);
  expect(stdout).toMatch(
    /^everything +http:\/\/127\.0\.0\.1:\d+\/mcp +ready .*everything__echo \(reads\), everything__get-sum/m,
  );
  expect(stdout).toMatch(/^named .*ready/m);
  expect(stdout).toMatch(/^gone .*down: gone cannot be reached/m);
});

test("another agent, with the official client, works in a chat with its token until that is revoked", async () => {
  const made = JSON.parse(await told("mcp", "token", "web:main", "--name", "Build server", "--json"));
  const headers = { authorization: `Bearer ${made.token}` };
  const connect = async () => {
    const client = new Client({ name: "test", version: "1" });
    await client.connect(new StreamableHTTPClientTransport(new URL(made.url), { requestInit: { headers } }));
    return client;
  };
  const client = await connect();
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toContain("schedule_task");
  const plan = { message: "Stretch.", schedule_type: "interval", schedule_value: "2h" };
  expect(await client.callTool({ name: "schedule_task", arguments: plan })).toMatchObject({ isError: false });
  expect(await client.callTool({ name: "cancel_task", arguments: { task: "99" } })).toMatchObject({
    isError: true,
  });
  await client.close();
  expect(await told("cron", "list")).toContain("Stretch.");
  const list = await told("mcp", "tokens");
  expect(list).toMatch(/Build server/);
  expect(list).not.toContain(made.token);
  const id = /^([A-Z0-9]{6}) /m.exec(list)![1]!;
  expect(await told("mcp", "revoke", id)).toContain("is revoked");
  await expect(connect()).rejects.toThrow(/401|bearer token/i);
});
