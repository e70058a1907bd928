import { describe, expect, test } from "vitest";
import { readCredentials } from "../../../agent/credentials.ts";
import type { Reach } from "../../../sandbox/hands.ts";
import { type OutboundPorts, outbound } from "../../../sandbox/outbound.ts";

const SECRET = "ghp_canary";
const { credentials } = readCredentials({ GITHUB_TOKEN: SECRET });

/** Names and what they resolve to; what reached the network, and what was noted before that. */
function network(names: Record<string, string[]> = {}) {
  const sent: Request[] = [];
  const order: string[] = [];
  const ports: OutboundPorts = {
    inside: [],
    credentials,
    resolve: async (name) => names[name] ?? ["93.184.215.14"],
    noteHost: async (host) => void order.push(`note ${host}`),
    fetch: async (request) => {
      sent.push(request);
      order.push(`fetch ${new URL(request.url).hostname}`);
      return new Response("ok");
    },
  };
  return { ports, sent, order };
}

const reach = (more: Partial<Reach> = {}): Reach => ({
  egress: "allowlist",
  outside: false,
  main: false,
  ...more,
});

async function ask(
  url: string,
  may: Reach | undefined,
  init?: RequestInit,
  names?: Record<string, string[]>,
) {
  const net = network(names);
  const response = await outbound(new Request(url, init), may, net.ports);
  return { ...net, status: response.status, said: await response.text(), request: net.sent[0] };
}

test("the group's setting decides which names are reached", async () => {
  expect(await ask("https://registry.npmjs.org/zod", reach())).toMatchObject({ status: 200 });
  for (const [url, may] of [
    ["https://example.com/", reach()],
    ["https://github.com/a/b", reach({ egress: "none" })],
    ["https://github.com/a/b", undefined],
  ] as const) {
    const { status, said, order } = await ask(url, may);
    expect({ status, order }).toEqual({ status: 403, order: [] });
    expect(said).not.toBe("");
  }
  expect(await ask("https://example.com/", reach({ egress: "open" }))).toMatchObject({ status: 200 });
  expect(await ask("https://a.example.com/", reach({ egress: "allowlist *.example.com" }))).toMatchObject({
    status: 200,
  });
});

test("what is inside is never reached, by any spelling, nor by a name that leads there", async () => {
  const open = reach({ egress: "open" });
  for (const host of [
    "127.0.0.1",
    "2130706433",
    "0x7f.1",
    "10.0.0.8",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "[::1]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "[fd00::1]",
    "localhost",
    "metadata.google.internal",
    "printer.local",
  ])
    expect(await ask(`http://${host}/latest/meta-data`, open)).toMatchObject({ status: 403, order: [] });
  const names = { "github.com": ["140.82.121.4", "10.0.0.8"], "evil.example": ["169.254.169.254"] };
  expect(await ask("https://github.com/", reach(), {}, names)).toMatchObject({ status: 403, order: [] });
  expect(await ask("https://evil.example/", open, {}, names)).toMatchObject({ status: 403, order: [] });
});

test("a host is noted before anything can come back from it", async () => {
  const { order } = await ask("https://pypi.org/simple", reach());
  expect(order).toEqual(["note pypi.org", "fetch pypi.org"]);
});

test("a redirect goes back to the container, whose next request comes through the gate again", async () => {
  expect((await ask("https://github.com/a", reach())).request?.redirect).toBe("manual");
});

test("a credential goes along where main granted it, over TLS, and nowhere else", async () => {
  const auth = async (url: string, may: Reach) =>
    (await ask(url, may)).request?.headers.get("authorization") ?? null;
  const granted = reach({ egress: "allowlist api.github.com" });
  expect(await auth("https://api.github.com/user", reach({ main: true }))).toBe(`Bearer ${SECRET}`);
  expect(await auth("https://api.github.com/user", granted)).toBe(`Bearer ${SECRET}`);
  expect(atob((await auth("https://github.com/a/b.git", reach({ main: true })))!.slice(6))).toBe(
    `x-access-token:${SECRET}`,
  );
  for (const [url, may] of [
    ["https://api.github.com/user", reach()],
    ["https://api.github.com/user", reach({ egress: "open" })],
    ["https://github.com/a/b.git", granted],
    ["http://api.github.com/user", granted],
    ["https://api.github.com/user", { ...granted, outside: true }],
    ["https://codeload.github.com/a", reach({ main: true })],
    ["https://pypi.org/", reach({ main: true })],
  ] as const)
    expect(await auth(url, may)).toBeNull();
});

test("what the container sends itself goes along, and its own key stays where there is no other", async () => {
  const init = { method: "POST", body: "hello", headers: { authorization: "mine", "x-a": "b" } };
  const { request } = await ask("https://pypi.org/upload", reach({ main: true }), init);
  expect(await request?.text()).toBe("hello");
  expect(request?.headers.get("authorization")).toBe("mine");
});

describe("a turn that has read text from outside reaches listed hosts alone, and only to read", () => {
  const outside = reach({ egress: "open", outside: true });
  const status = async (url: string, init?: RequestInit, may = outside) => (await ask(url, may, init)).status;
  const post = (url: string, more: RequestInit = {}) => status(url, { method: "POST", body: "x", ...more });

  test("pages, packages, and what a clone asks for", async () => {
    for (const url of [
      "https://github.com/a",
      "https://api.github.com/repos/a/b/releases",
      "https://pypi.org/simple/zod/",
      "https://gitlab.com/a/group/b.git/info/refs?service=git-upload-pack",
      "https://gitlab.com/a/b/-/raw/main/docs/a%20b.md",
      "https://bitbucket.org/a/b/raw/main/x.txt",
      "https://codeberg.org/a/b/src/branch/main/x.txt",
    ])
      expect([url, await status(url)]).toEqual([url, 200]);
    for (const repository of ["github.com/a/b.git", "gitlab.com/a/sub/b", "codeberg.org/a/b.git"])
      expect(await post(`https://${repository}/git-upload-pack`)).toBe(200);
    expect(await status("https://example.com/?secret")).toBe(403);
    expect(
      await status("https://npm.example/x", {}, reach({ egress: "allowlist npm.example", outside: true })),
    ).toBe(200);
  });

  test("sends nothing, by whatever path it is written", async () => {
    for (const url of [
      "https://github.com/a/b.git/git-receive-pack",
      "https://api.github.com/gists",
      "https://api.github.com/repos/a/git-upload-pack",
      "https://pypi.org/a/git-upload-pack",
      "https://gitlab.com/api/v4/projects/77/repository/files/git-upload-pack?branch=main",
      "https://gitlab.com/api/v4/projects/77/repository/files/git-upload-pack",
      "https://gitlab.com/%61pi/v4/projects/77/repository/files/git-upload-pack",
      "https://gitlab.com//api/v4/projects/77/repository/files/git-upload-pack",
      "https://gitlab.com./api/v4/projects/77/repository/files/git-upload-pack",
      "https://bitbucket.org/!api/2.0/repositories/a/b/src/git-upload-pack",
      "https://codeberg.org/api/v1/repos/evil/drop/contents/git-upload-pack",
      "https://codeberg.org/a/b/git-upload-pack?x=1",
      "https://codeberg.org/git-upload-pack",
    ])
      expect([url, await post(url)]).toEqual([url, 403]);
    for (const method of ["PUT", "PATCH", "DELETE"])
      expect(await status("https://registry.npmjs.org/evil", { method })).toBe(403);
  });

  test("nor what another host learns of, nor in anybody's name", async () => {
    for (const url of [
      "https://proxy.golang.org/evil.example/mfrggzdf/@v/list",
      "https://sum.golang.org/lookup/evil.example/mfrggzdf@v1.0.0",
      "https://proxy.golang.org./evil.example/mfrggzdf/@v/list",
      "https://gitlab.com/evil/p/-/integrations/jira/issues?search=secret",
      "https://gitlab.com/evil/p/%2D/integrations/jira/issues?search=secret",
      "https://gitlab.com/api/v4/virtual_registries/packages/maven/7/secret",
      "https://gitlab.com/a/b/-/raw/main/x?private_token=evil",
      "https://github.com/a/b?access_token=evil",
    ])
      expect([url, await status(url)]).toEqual([url, 403]);
    const may = reach({ egress: "allowlist *.golang.org", outside: true });
    expect(await status("https://proxy.golang.org/evil.example/x/@v/list", {}, may)).toBe(403);
    expect(await status("https://proxy.golang.org/golang.org/x/text/@v/list", {}, reach())).toBe(200);
    for (const name of ["authorization", "private-token", "JOB-TOKEN", "cookie", "x-api-key"]) {
      expect(await status("https://api.github.com/user", { headers: { [name]: "evil" } })).toBe(403);
      expect(await post("https://gitlab.com/a/b/git-upload-pack", { headers: { [name]: "evil" } })).toBe(403);
    }
    expect(await status("https://registry.npmjs.org/x", { headers: { "npm-auth-type": "web" } })).toBe(200);
  });
});

test("credentials are read from names of secrets, and what is wrong is told without a secret", () => {
  const vars = {
    SANDBOX_CREDENTIALS: "a.example=KEY, b.example=KEY:x-api-key,c.example=GONE,nonsense",
    KEY: SECRET,
  };
  const read = readCredentials(vars);
  expect(read.credentials).toEqual([
    { host: "a.example", header: "authorization", value: `Bearer ${SECRET}` },
    { host: "b.example", header: "x-api-key", value: SECRET },
  ]);
  expect(read.problems).toHaveLength(2);
  expect(read.problems.join()).toMatch(/GONE for c\.example/);
  expect(read.problems.join()).not.toContain(SECRET);
  expect(readCredentials({})).toEqual({ credentials: [], problems: [] });
});
