import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GatePorts } from "../../../agent/web/gate.ts";
import { GateError } from "../../../agent/web/gate-error.ts";
import { type GuardedInit, guardedFetch } from "../../../agent/web/guarded-fetch.ts";
import { resolverOverHttps } from "../../../agent/web/resolve.ts";
import { type Call, json, listen } from "../../peers/http.ts";

/** Two origins on loopback that answer what the path says, and note what they were asked. */
const seen: Pick<Call, "method" | "path" | "headers" | "body">[] = [];
const gone: Promise<void>[] = [];
type Server = Awaited<ReturnType<typeof listen>>;
let [here, there]: Server[] = [];

async function answer(call: Call): Promise<void> {
  const { path, url, response, method, headers, body } = call;
  seen.push({ method, path, headers, body });
  const to = url.searchParams.get("to") ?? "";
  const status = Number(url.searchParams.get("status") ?? 302);
  if (path === "/to") return void response.writeHead(status, { location: to }).end("moved");
  if (path === "/loop") return void response.writeHead(302, { location: "/x/loop" }).end();
  if (path === "/endless") return endless(call);
  if (path === "/silent") return;
  if (path === "/large")
    return void response.writeHead(200, { "content-length": 5000 }).end("x".repeat(5000));
  response.writeHead(200, { "content-type": "text/plain", "set-cookie": "a=b" }).end(`here is ${path}`);
}

/** Sends without end and without a length. */
function endless({ response, gone: left }: Call): void {
  gone.push(new Promise((done) => left.addEventListener("abort", () => done())));
  const more = () => {
    while (!left.aborted && response.write("x".repeat(10_000)));
    if (!left.aborted) response.once("drain", more);
  };
  more();
}

beforeAll(async () => {
  here = await listen({ "/x": answer });
  there = await listen({ "/x": answer });
});
afterAll(() => Promise.all([here!.close(), there!.close()]));

const hostOf = ({ url }: Server) => new URL(url).host;

function ports(more: Partial<GatePorts> = {}): GatePorts {
  return { fetch, resolve: async () => [], inside: [hostOf(here!), hostOf(there!)], ...more };
}

async function refusal(path: string, init: GuardedInit = {}, more: Partial<GatePorts> = {}): Promise<string> {
  try {
    await (await guardedFetch(here!.url + path, init, ports(more))).arrayBuffer();
    return "let through";
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    return error.reason;
  }
}

const redirect = (to: string, status = 302) => `/x/to?${new URLSearchParams({ to, status: String(status) })}`;

describe("redirects", () => {
  test("are followed, and the last address is told", async () => {
    const response = await guardedFetch(here!.url + redirect("page?q=1"), {}, ports());
    expect(await response.text()).toBe("here is /page");
    expect(response.url).toBe(`${here!.url}/x/page?q=1`);
  });

  test.each([
    "http://127.0.0.1:1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::ffff:10.0.0.1]/",
    "//0x7f.1:99/x",
    "http://localhost:99/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "http://user:pass@1.1.1.1/",
  ])("to %s are refused before anything is sent there", async (to) => {
    const before = seen.length;
    expect(await refusal(redirect(to))).toBe("address");
    expect(seen.length).toBe(before + 1);
  });

  test("are refused deep in a chain too", async () => {
    const chain = redirect(redirect(redirect("http://10.0.0.1/")));
    expect(await refusal(chain)).toBe("address");
  });

  test("without end are cut", async () => {
    const before = seen.length;
    expect(await refusal("/x/loop", { maxHops: 3 })).toBe("redirect");
    expect(seen.length - before).toBe(4);
  });

  test("are left alone, or refused, on request", async () => {
    const response = await guardedFetch(here!.url + redirect("page"), { redirect: "manual" }, ports());
    await response.body?.cancel();
    expect(response.status).toBe(302);
    expect(await refusal(redirect("page"), { redirect: "error" })).toBe("redirect");
  });

  test("a name that leads elsewhere at the second look is refused", async () => {
    const answers = [["1.1.1.1"], ["127.0.0.1"]];
    const asked: string[] = [];
    const rebinding: Partial<GatePorts> = {
      resolve: async (name) => {
        asked.push(name);
        return answers.shift() ?? [];
      },
      fetch: async (url) => {
        asked.push(url);
        return Response.redirect("http://rebind.example.com/second");
      },
    };
    const error = await guardedFetch("http://rebind.example.com/first", {}, ports(rebinding)).catch((e) => e);
    expect(error.reason).toBe("address");
    expect(asked).toEqual(["rebind.example.com", "http://rebind.example.com/first", "rebind.example.com"]);
  });
});

test("a redirect from outside leads to no host that may be called inside", async () => {
  const called: string[] = [];
  const fetch = async (url: string) => {
    called.push(url);
    return Response.redirect("http://127.0.0.1:8123/admin");
  };
  const gate = { fetch, resolve: async () => ["93.184.216.34"], inside: ["127.0.0.1:8123"] };
  await expect(guardedFetch("http://evil.example.com/", {}, gate)).rejects.toMatchObject({
    reason: "address",
  });
  expect(called).toEqual(["http://evil.example.com/"]);
});

describe("what goes along with a redirect", () => {
  const secrets = {
    authorization: "Bearer secret",
    cookie: "session=secret",
    "x-api-key": "secret",
    "x-subscription-token": "secret",
    "proxy-authorization": "secret",
    referer: "https://secret.example/",
    accept: "text/html",
  };

  test("everything stays within one origin", async () => {
    await guardedFetch(here!.url + redirect("kept"), { headers: secrets }, ports()).then((r) =>
      r.body?.cancel(),
    );
    expect(seen.at(-1)!.headers).toMatchObject({ authorization: "Bearer secret", "x-api-key": "secret" });
  });

  test.each([301, 302, 303, 307, 308])("nothing secret goes to another origin (%i)", async (status) => {
    const path = redirect(`${there!.url}/x/far`, status);
    await guardedFetch(here!.url + path, { headers: secrets }, ports()).then((r) => r.body?.cancel());
    const far = seen.at(-1)!;
    expect(far.path).toBe("/far");
    expect(JSON.stringify(far.headers)).not.toContain("secret");
    expect(far.headers.accept).toBe("text/html");
  });

  test("nor on the way back to the first one", async () => {
    const back = `${there!.url}${redirect(`${here!.url}/x/back`)}`;
    await guardedFetch(here!.url + redirect(back), { headers: secrets }, ports()).then((r) =>
      r.body?.cancel(),
    );
    expect(seen.at(-1)!.path).toBe("/back");
    expect(JSON.stringify(seen.at(-1)!.headers)).not.toContain("secret");
  });

  test("a body is sent again only to its own origin, and only where the status says so", async () => {
    const post = { method: "POST", body: "private", headers: { "content-type": "text/plain" } };
    await guardedFetch(here!.url + redirect("again", 307), post, ports()).then((r) => r.body?.cancel());
    expect(seen.at(-1)).toMatchObject({ method: "POST", body: "private" });
    await guardedFetch(here!.url + redirect("asked", 303), post, ports()).then((r) => r.body?.cancel());
    expect(seen.at(-1)).toMatchObject({ method: "GET", body: "" });
    expect(seen.at(-1)!.headers["content-type"]).toBeUndefined();
    const before = seen.length;
    expect(await refusal(redirect(`${there!.url}/x/far`, 308), post)).toBe("redirect");
    expect(seen.length).toBe(before + 1);
  });
});

describe("caps", () => {
  test("a told length above the cap is refused at once", async () => {
    expect(await refusal("/x/large", { maxBytes: 4999 })).toBe("size");
    expect(await refusal("/x/large", { maxBytes: 5000 })).toBe("let through");
  });

  test("an endless answer is cut, and its server sees the connection end", async () => {
    expect(await refusal("/x/endless", { maxBytes: 100_000 })).toBe("size");
    await gone.at(-1);
  });

  test("silence ends with the time", async () => {
    expect(await refusal("/x/silent", { timeoutMs: 50 })).toBe("time");
  });

  test("the caller's own end is passed on", async () => {
    const stop = new AbortController();
    const fetched = guardedFetch(`${here!.url}/x/silent`, { signal: stop.signal }, ports());
    stop.abort(new Error("stopped"));
    await expect(fetched).rejects.toThrow("stopped");
  });

  test("nobody there is told without the reason of the machine", async () => {
    const error = await guardedFetch("http://127.0.0.1:9/", {}, ports({ inside: ["127.0.0.1:9"] })).catch(
      (e) => e,
    );
    expect(error).toMatchObject({ reason: "network", message: "Nobody answered at this address." });
  });
});

describe("names over HTTPS", () => {
  const records: Record<string, unknown> = {
    "a.example A": {
      Status: 0,
      Answer: [
        { type: 5, data: "b.example." },
        { type: 1, data: "1.2.3.4" },
      ],
    },
    "a.example AAAA": { Status: 0, Answer: [{ type: 28, data: "2606:4700::1" }] },
    "none.example A": { Status: 3 },
    "none.example AAAA": { Status: 3 },
    "broken.example A": { Status: 2 },
    "broken.example AAAA": { Status: 0 },
    "odd.example A": { hello: 1 },
    "odd.example AAAA": { Status: 0 },
  };
  let server: Server;
  let resolve: ReturnType<typeof resolverOverHttps>;
  beforeAll(async () => {
    server = await listen({
      "/dns": async ({ url, response, headers }) =>
        headers.accept === "application/dns-json"
          ? json(response, records[`${url.searchParams.get("name")} ${url.searchParams.get("type")}`] ?? {})
          : json(response, {}, 400),
    });
    resolve = resolverOverHttps(fetch, `${server.url}/dns/query`);
  });
  afterAll(() => server.close());
  const { signal } = new AbortController();

  test("all addresses of both kinds are found, aliases followed", async () => {
    expect(await resolve("a.example", signal)).toEqual(["1.2.3.4", "2606:4700::1"]);
    expect(await resolve("none.example", signal)).toEqual([]);
  });

  test.each(["broken.example", "odd.example"])("an answer that is none rejects: %s", async (name) => {
    await expect(resolve(name, signal)).rejects.toThrow();
  });
});
