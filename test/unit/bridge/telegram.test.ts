import { afterEach, expect, test } from "vitest";
import type { Host } from "../../../bridge/connector.ts";
import { TelegramPolling } from "../../../bridge/telegram/connector.ts";
import { soon } from "../../soon.ts";
import { json, serve } from "../channels/server.ts";

let connector: TelegramPolling;
let root: Awaited<ReturnType<typeof serve>>;

afterEach(async () => {
  await connector.stop();
  await root.close();
});

/** Polls a Bot API whose answers to `getUpdates` are these, one after the other; the last one stays open. */
async function start(...answers: object[]): Promise<string[]> {
  const states: string[] = [];
  root = await serve(({ path, body }, response) => {
    if (path.includes("/webhook/")) return json(response, 200, {});
    if (path.endsWith("getWebhookInfo")) return json(response, 200, { ok: true, result: { url: "" } });
    if (body.timeout === 0) return json(response, 200, { ok: true, result: [] });
    const answer = answers.shift() as { error_code?: number } | undefined;
    if (answer) json(response, answer.error_code ?? 200, answer);
  });
  const changed = () => void states.push(connector.state().state);
  const host = { now: () => 1, say: () => undefined, changed } as unknown as Host;
  const options = { token: "1:t", apiRoot: root.root, secret: "s", url: () => root.root, conflictMs: 20 };
  connector = new TelegramPolling(options, host);
  connector.start();
  return states;
}

test("somebody who polls by hand for a moment does not end the companion's polling", async () => {
  const conflict = { ok: false, error_code: 409, description: "Conflict: terminated by other getUpdates" };
  const states = await start(conflict, conflict, { ok: true, result: [{ update_id: 1 }] });
  await soon(() => expect(root.seen.some(({ path }) => path === "/webhook/telegram")).toBe(true));
  expect(states).toEqual(["ready", "connecting", "ready", "connecting", "ready"]);
});

test("a token that Telegram does not know ends it, with what to do", async () => {
  await start({ ok: false, error_code: 401, description: "Unauthorized" });
  await soon(() => expect(connector.state().state).toBe("failed"));
  expect(connector.state().problem).toContain("TELEGRAM_BOT_TOKEN");
});
