import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { ChannelStatus } from "../../workers/channels.ts";
import { soon } from "../soon.ts";
import { deliver, direct, fresh, peers } from "./talk.ts";

async function statusOf(name: string, probe = false): Promise<ChannelStatus> {
  const headers = { authorization: "Bearer flow-admin" };
  const url = `http://flare.test/api/channels${probe ? "?probe=true" : ""}`;
  const answer = await exports.default.fetch(new Request(url, { headers }));
  const all = (await answer.json()) as ChannelStatus[];
  return all.find((channel) => channel.name === name)!;
}

test("a channel's last event and last error are told, with what to do", async () => {
  const chat = fresh();
  const key = `status-${chat}`;
  const before = Date.now();
  await peers.fault(chat, { status: 403, description: "Forbidden: bot was blocked by the user" });
  await peers.script(key, { text: "Nobody reads this." });
  await deliver(direct(chat, `${key} go`));
  const status = await soon(async () => {
    const telegram = await statusOf("telegram");
    expect(telegram.lastError).toContain("blocked");
    return telegram;
  });
  expect(status).toMatchObject({ state: "ready", missing: [] });
  expect(status.fix).toContain("dead-letters");
  expect(status.lastEventAt).toBeGreaterThanOrEqual(before);
  expect(status.lastErrorAt).toBeGreaterThanOrEqual(before);
});

test("what the companion carries is told with the companion's word, asked for or not", async () => {
  const [told, probed] = [await statusOf("whatsapp"), await statusOf("whatsapp", true)];
  expect(told).not.toHaveProperty("probe");
  expect(probed.probe?.ok).toBe(told.state === "ready");
  expect(probed.probe?.said.join(" ")).toBe(told.problem);
});
