import { env, exports } from "cloudflare:workers";
import { expect } from "vitest";
import { deliver, inGroup, peers } from "../flows/talk.ts";
import { chatNumber } from "./answer.ts";
import { nothingIsOpen, saidInOrder } from "./checks.ts";
import { rows, type Scene } from "./loop.ts";

/** Another agent says something in a chat. It calls once and repeats nothing, whatever it is answered. */
export async function calling(): Promise<Scene> {
  const chat = -chatNumber();
  const name = `telegram:${chat}`;
  await deliver(inGroup(chat, "@Flare hello"));
  const directory = env.DIRECTORY.getByName("directory");
  await directory.register(name);
  const { token } = await directory.mcpTokens({ verb: "make", group: name, label: "" });
  const text = "The build is green.";
  let answered = false;
  return {
    name,
    act: async () => {
      answered = await isAnswered(token!, "send_message", { text });
    },
    check: async (crash) => {
      const made = (await rows(name, `select 1 from outbox where text = '${text}'`)).length;
      expect(made).toBeLessThanOrEqual(1);
      if (answered || !crash.hit) expect(made).toBe(1);
      const calls = await rows(name, "select name, state from steps");
      // What happened was written down before it did, also where nobody could be told.
      if (made === 1) expect(calls).toEqual([{ name: "send_message", state: "done" }]);
      saidInOrder(await peers.shown(chat, made), Array(made).fill(text), crash);
      await nothingIsOpen(name);
    },
  };
}

async function isAnswered(token: string, name: string, args: object): Promise<boolean> {
  const message = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } };
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const request = { method: "POST", headers, body: JSON.stringify(message) };
  const response = await exports.default.fetch(new Request("http://flare.test/mcp", request));
  const { result } = response.ok ? ((await response.json()) as { result?: { isError: boolean } }) : {};
  return result?.isError === false;
}
