import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { MCPMock } from "@copilotkit/aimock";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { McpClient } from "../../../agent/mcp/client.ts";
import { type McpServer, readServers } from "../../../agent/mcp/servers.ts";
import { type Everything, startEverything } from "../../peers/everything.ts";

const never = new AbortController().signal;
const waits = { timeoutMs: 5000, signal: never };

function serverAt(
  url: string,
  more: Record<string, unknown> = {},
  vars: Record<string, string> = {},
): McpServer {
  const { servers, problems } = readServers({
    ...vars,
    MCP_SERVERS: JSON.stringify({ notes: { url, ...more } }),
  });
  expect(problems).toEqual([]);
  return servers[0]!;
}

const open = (server: McpServer) => McpClient.open(server, (url, init) => fetch(url, init), "1.0", never);

describe("the reference server", () => {
  let everything: Everything;
  let client: McpClient;
  beforeAll(async () => {
    everything = await startEverything();
    client = await open(serverAt(everything.url));
  });
  afterAll(async () => {
    await client.close();
    everything.stop();
  });

  test("lists its tools with their schemas", async () => {
    const tools = await client.tools(waits);
    expect(tools.length).toBeGreaterThan(5);
    expect(tools.find(({ name }) => name === "echo")).toMatchObject({
      inputSchema: { type: "object", properties: { message: { type: "string" } } },
    });
  });

  test("answers calls, several at once, in text, pictures and resources", async () => {
    const calls = [1, 2, 3].map((one) => client.call("get-sum", { a: one, b: one }, waits));
    const sums = await Promise.all(calls);
    expect(sums.map(({ content }) => JSON.stringify(content).match(/is (\d+)/)?.[1])).toEqual([
      "2",
      "4",
      "6",
    ]);
    const { content } = await client.call("get-tiny-image", {}, waits);
    expect(content.map(({ type }) => type)).toContain("image");
  });

  test("is told in words when a call is wrong", async () => {
    const wrong = await client.call("get-sum", { a: "one" }, waits);
    expect(wrong.isError).toBe(true);
    await expect(
      client.call("trigger-sampling-request", {}, waits).then((answer) => answer.isError),
    ).resolves.toBe(true);
  });

  test("takes longer than its time while it tells of progress, and is given up when it does not", async () => {
    const quick = { timeoutMs: 600, signal: never };
    const slow = { duration: 1.2, steps: 4 };
    const { isError } = await client.call("trigger-long-running-operation", slow, quick);
    expect(isError).toBe(false);
    const silent = client.call("trigger-long-running-operation", { duration: 5, steps: 1 }, quick);
    await expect(silent).rejects.toThrow(/notes did not answer in 0\.6 s/);
  });
});

test("aimock's server is spoken to as well", async () => {
  const mock = new MCPMock();
  mock.addTool({ name: "say", inputSchema: { type: "object", properties: { text: { type: "string" } } } });
  mock.onToolCall("say", (args) => `You said ${(args as { text: string }).text}`);
  const url = await mock.start();
  const client = await open(serverAt(url));
  expect((await client.tools(waits)).map(({ name }) => name)).toEqual(["say"]);
  expect((await client.call("say", { text: "hi" }, waits)).content).toEqual([
    { type: "text", text: "You said hi" },
  ]);
  await client.close();
  await mock.stop();
});

describe("a server that does not behave", () => {
  type Answer = (
    message: { id?: number; method?: string },
    response: ServerResponse,
    request: IncomingMessage,
  ) => void;
  let answer: Answer;
  const seen: IncomingMessage[] = [];
  const server = createServer(async (request, response) => {
    seen.push(request);
    if (request.method === "DELETE") return void response.writeHead(200).end();
    const body = await text(request);
    const message = body ? JSON.parse(body) : {};
    if (message.method === "initialize") return void json(response, message.id, HELLO);
    if (message.method?.startsWith("notifications/")) return void response.writeHead(202).end();
    answer(message, response, request);
  });
  let url: string;
  beforeAll(async () => {
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const HELLO = {
    protocolVersion: "2025-06-18",
    capabilities: {},
    serverInfo: { name: "bad", version: "1" },
  };
  const json = (response: ServerResponse, id: unknown, result: unknown) =>
    response
      .writeHead(200, { "content-type": "application/json", "mcp-session-id": "s1" })
      .end(JSON.stringify({ jsonrpc: "2.0", id, result }));
  const events = (response: ServerResponse) =>
    response.writeHead(200, { "content-type": "text/event-stream" });
  const said = (text: string) => ({ content: [{ type: "text", text }] });
  const event = (id: unknown, result: unknown) =>
    `data: ${JSON.stringify({ jsonrpc: "2.0", id, result })}\n\n`;

  /** What a call comes to when it is answered so. */
  async function call(how: Answer, timeoutMs = 5000) {
    answer = how;
    const client = await open(
      serverAt(url, { token: "NOTES_TOKEN", headers: { "x-team": "red" } }, { NOTES_TOKEN: "s3cret-token" }),
    );
    try {
      return await client.call("say", {}, { timeoutMs, signal: never });
    } finally {
      await client.close();
    }
  }

  test("is sent the token, the session and the version, and a good-bye", async () => {
    seen.length = 0;
    await call(({ id }, response) => json(response, id, said("hi")));
    expect(seen.map(({ method }) => method)).toEqual(["POST", "POST", "POST", "DELETE"]);
    expect(seen.at(-1)!.headers).toMatchObject({
      ...{ authorization: "Bearer s3cret-token", "x-team": "red" },
      ...{ "mcp-session-id": "s1", "mcp-protocol-version": "2025-06-18" },
    });
  });

  test("repeats a secret: nothing of it comes back, in tools, errors or parts", async () => {
    const secret = "s3cret-token";
    answer = ({ id, method }, response) => {
      const schema = { type: "object", properties: { [secret]: { description: secret } } };
      if (method === "tools/list")
        return json(response, id, {
          tools: [{ name: "say", description: `is ${secret}`, inputSchema: schema }],
        });
      const error = { code: -32000, message: `${"x".repeat(460)}${secret}` };
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ jsonrpc: "2.0", id, error }));
    };
    const client = await open(serverAt(url, { token: "NOTES_TOKEN" }, { NOTES_TOKEN: secret }));
    const tools = await client.tools(waits);
    const failed = await client.call("say", {}, waits).catch((error: Error) => error.message);
    await client.close();
    expect(tools).toMatchObject([{ name: "say", description: "is [secret]" }]);
    expect(JSON.stringify([tools, failed])).not.toContain("s3cr");
    expect(failed).toMatch(/x\[sec/);
  });

  test("cuts its stream: that is told at once, and the outcome is unknown", async () => {
    const cut = call((_, response) => void events(response).write(": wait\n\n", () => response.destroy()));
    await expect(cut).rejects.toMatchObject({ sent: true, message: expect.stringMatching(/connection/) });
    const ended = call((_, response) => void events(response).end());
    await expect(ended).rejects.toMatchObject({ sent: true });
  });

  test("cuts a stream whose events have ids: it goes on behind the last one", async () => {
    let asked: unknown;
    const { content } = await call(({ id, method }, response, request) => {
      if (method) {
        asked = id;
        events(response).write("id: e1\ndata:\n\n", () => response.destroy());
      } else {
        expect(request.headers["last-event-id"]).toBe("e1");
        events(response).end(event(asked, said("after all")));
      }
    });
    expect(content).toEqual([{ type: "text", text: "after all" }]);
  });

  test("answers what is no message, a status, a redirect, or too much", async () => {
    const sends =
      (status: number, headers = {}, body = "") =>
      (_: unknown, response: ServerResponse) =>
        void response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
    await expect(call(sends(200, {}, "<html>"))).rejects.toThrow(/no message of MCP/);
    await expect(call(sends(200, {}, '{"jsonrpc":"2.0"}'))).rejects.toThrow(/no message of MCP/);
    await expect(call(sends(401))).rejects.toThrow(/refuses us \(401\).*NOTES_TOKEN/);
    await expect(call(sends(404))).rejects.toMatchObject({ expired: true, sent: false });
    await expect(call(sends(503))).rejects.toMatchObject({ sent: true });
    await expect(call(sends(302, { location: "http://127.0.0.1:9/" }))).rejects.toThrow(
      /status 302|cannot be reached/,
    );
    const flood = `data: ${"x".repeat(1024 * 1024)}\n\n`;
    const floods = call((_, response) => {
      const stream = events(response);
      for (let count = 0; count < 10; count++) stream.write(flood);
    });
    await expect(floods).rejects.toThrow(/no message|more than/);
    await expect(call(() => {}, 300)).rejects.toThrow(/did not answer in 0\.3 s/);
  });
});

test("a server that is not there is told as that", async () => {
  await expect(open(serverAt("http://127.0.0.1:9/mcp"))).rejects.toThrow(/notes cannot be reached/);
});
