import { afterAll, beforeAll, expect, test } from "vitest";
import { modelFaults, Peers } from "../../flows/peers-client.ts";
import { type RunningPeers, startPeers } from "../../peers/start.ts";

let running: RunningPeers;
let peers: Peers;
beforeAll(async () => {
  running = await startPeers();
  peers = new Peers(running.addresses);
});
afterAll(() => running.close());

const ask = (text: string, signal?: AbortSignal) =>
  fetch(`${running.addresses.modelBase}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "any", stream: true, messages: [{ role: "user", content: text }] }),
    signal,
  });

const telegram = (method: string, body: object) =>
  fetch(`${running.addresses.telegramRoot}/bot${running.addresses.telegramToken}/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

function written(stream: string): string {
  const events = [...stream.matchAll(/^data: (\{.*)$/gm)].map((match) => JSON.parse(match[1]!));
  return events.map((event) => event.choices[0]?.delta?.content ?? "").join("");
}

test("two scripts that run at once keep apart, and each answers in its order", async () => {
  await peers.script("k-one", { text: "one, first" }, { text: "one, second" });
  await peers.script("k-two", { text: "two, first" });
  const texts = async (text: string) => written(await (await ask(text)).text());
  expect(await Promise.all([texts("about k-one"), texts("about k-two")])).toEqual([
    "one, first",
    "two, first",
  ]);
  expect(await texts("about k-two, then k-one")).toBe("one, second");
  expect(await texts("about k-one again")).toBe("You said: about k-one again");
  expect(await peers.requests("k-one")).toHaveLength(3);
});

test("a gate holds the answer until it is opened", async () => {
  await peers.script("k-gate", {
    text: "a long answer in several pieces",
    after: 2,
    trouble: { gate: "g1" },
  });
  const response = await ask("k-gate");
  await peers.held("g1");
  await peers.open("g1");
  expect(written(await response.text())).toBe("a long answer in several pieces");
});

test("the failures of providers arrive as failures", async () => {
  await peers.script(
    "k-429",
    modelFaults.rateLimited(7),
    modelFaults.broken(),
    modelFaults.tooLong(),
    modelFaults.cut("never whole"),
  );
  const limited = await ask("k-429");
  expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "7"]);
  expect((await ask("k-429")).status).toBe(500);
  expect(await (await ask("k-429")).json()).toMatchObject({ error: { code: "context_length_exceeded" } });
  const cut = await ask("k-429");
  expect(cut.status).toBe(200);
  await expect(cut.text()).rejects.toThrow();
});

test("a malformed tool call and an empty answer pass as they are", async () => {
  await peers.script("k-bad", modelFaults.malformedCall("read_file"), modelFaults.empty());
  expect(await (await ask("k-bad")).text()).toContain('{\\"path\\": \\"notes');
  expect(written(await (await ask("k-bad")).text())).toBe("");
});

test("a client that goes away from a stalled answer is seen to have gone", async () => {
  await peers.script("k-stall", modelFaults.stalled("stalls soon"));
  const client = new AbortController();
  const response = await ask("k-stall", client.signal);
  const reading = response.text().catch(() => "gone");
  await peers.requests("k-stall", 1);
  client.abort();
  expect(await reading).toBe("gone");
});

test("Telegram shows what was sent, refuses what is faulted, and keeps what was lost", async () => {
  await peers.fault(7, {
    status: 429,
    description: "Too Many Requests",
    body: { parameters: { retry_after: 1 } },
  });
  await peers.fault(7, { cut: "after" }, { cut: "before" });
  const first = await telegram("sendMessage", { chat_id: 7, text: "a" });
  expect([first.status, await first.json()]).toMatchObject([429, { parameters: { retry_after: 1 } }]);
  await expect(telegram("sendMessage", { chat_id: 7, text: "b" })).rejects.toThrow();
  await expect(telegram("sendMessage", { chat_id: 7, text: "c" })).rejects.toThrow();
  expect((await telegram("sendMessage", { chat_id: 7, text: "d" })).status).toBe(200);
  expect(await peers.shown(7)).toEqual(["b", "d"]);
});

test("a file that was put can be downloaded", async () => {
  await peers.file("f1", "grüße");
  const { result } = (await (await telegram("getFile", { file_id: "f1" })).json()) as {
    result: { file_path: string };
  };
  const { telegramRoot, telegramToken } = running.addresses;
  expect(await (await fetch(`${telegramRoot}/file/bot${telegramToken}/${result.file_path}`)).text()).toBe(
    "grüße",
  );
});
