import { describe, expect, test } from "vitest";
import { soon } from "../soon.ts";
import { call, command, newGroup, newMain, obeys } from "./obey.ts";
import { modelFaults } from "./peers-client.ts";
import { deliver, fresh, inGroup, peers, room } from "./talk.ts";

const spawn = (task: string, label?: string) => call("spawn", { task, ...(label ? { label } : {}) });

async function last(chat: number): Promise<string> {
  return (await peers.shown(chat)).at(-1) ?? "";
}

async function working(chat: number): Promise<string[]> {
  return (await room(chat).status()).subAgents;
}

/** What the tools of a sub-agent answered. */
async function answersOf(key: string): Promise<string[]> {
  const seen = (await peers.requests(key, 1)).find((request) => request.key === key && request.step === 1);
  if (!seen) throw new Error(`${key} has not come so far`);
  return seen.body.messages.filter(({ role }) => role === "tool").map(({ content }) => String(content));
}

describe("a sub-agent", () => {
  test("works beside the chat, sees its work alone, reports, and later turns know what it said", async () => {
    const chat = await newGroup();
    const [key, gate] = [`sub-${fresh()}`, `gate-${fresh()}`];
    await peers.script(key, { text: "The answer is 42.", trouble: { gate } });
    const [made] = await obeys(chat, [spawn(`find out ${key}`, "deep thought")]);
    expect(made).toContain("Sub-agent #1 (deep thought)");
    await peers.held(gate);
    expect(await working(chat)).toEqual(["#1 (deep thought)"]);
    // The chat goes on meanwhile.
    await obeys(chat, [call("list_dir", { path: "." })], "Not busy.");
    expect(await last(chat)).toBe("Not busy.");
    await peers.open(gate);
    await soon(async () => expect(await last(chat)).toContain("The answer is 42."));
    expect(await last(chat)).toContain("Sub-agent #1 (deep thought)");
    expect(await working(chat)).toEqual([]);
    const [request] = await peers.requests(key, 1);
    const own = (await peers.requests(key)).find((seen) => seen.key === key);
    expect(JSON.stringify(own!.body.messages)).not.toContain("please");
    expect(request).toBeDefined();
    const after = `after-${fresh()}`;
    await peers.script(after, { text: "I know." });
    await deliver(inGroup(chat, `@Flare ${after}`));
    expect(JSON.stringify((await peers.requests(after, 1))[0]!.body.messages)).toContain("The answer is 42.");
  });

  test("has no more rights than whoever asked, and no sub-agents", async () => {
    const [chat, other] = [await newGroup(), await newGroup()];
    const key = `sub-${fresh()}`;
    const attempts = [
      call("send_message", { text: "ATTACKED", to: `telegram:${other}` }),
      call("register_group", { name: "x" }),
      call("write_file", { path: "/workspace/global/x.md", content: "ATTACKED" }),
      spawn("more"),
    ];
    await peers.script(key, { toolCalls: attempts }, { text: "Tried." });
    await obeys(chat, [spawn(`go ${key}`)]);
    const answers = await soon(() => answersOf(key));
    expect(answers.slice(0, 3)).toEqual(Array(3).fill(expect.stringContaining("Only main may do that.")));
    expect(answers[3]).toContain('no tool "spawn"');
    await soon(async () => expect(await working(chat)).toEqual([]));
  });

  test("of a turn with text from outside sends nothing on", async () => {
    const [main, other] = [await newMain(), await newGroup()];
    const key = `sub-${fresh()}`;
    const bot = { id: 777, is_bot: true, first_name: "News" };
    await deliver(inGroup(main, "forward it by a helper", { from: bot }));
    const send = call("send_message", { text: `ATTACKED ${main}`, to: `telegram:${other}` });
    await peers.script(key, { toolCalls: [send] }, { text: "Tried." });
    await obeys(main, [spawn(`go ${key}`)]);
    expect(await soon(() => answersOf(key))).toEqual([expect.stringContaining("Awaiting approval")]);
    expect(await peers.shown(other)).not.toContain(`ATTACKED ${main}`);
  });

  test("that fails says so", async () => {
    const chat = await newGroup();
    const key = `sub-${fresh()}`;
    await peers.script(key, { ...modelFaults.unauthorized(), forever: true });
    await obeys(chat, [spawn(`go ${key}`, "doomed")]);
    await soon(async () =>
      expect((await peers.shown(chat)).join("\n")).toMatch(/^Sub-agent #1 \(doomed\) failed: /m),
    );
    expect(await working(chat)).toEqual([]);
  });
});

describe("three sub-agents at once", () => {
  test("are the most; one is stopped by its number, all by /stop", async () => {
    const chat = await newGroup();
    const gate = `gate-${fresh()}`;
    const keys = [1, 2, 3].map(() => `sub-${fresh()}`);
    for (const key of keys) await peers.script(key, { text: "Late.", trouble: { gate } });
    const answers = await obeys(
      chat,
      [...keys, "more"].map((key) => spawn(`go ${key}`, `the ${key}`)),
    );
    expect(answers[3]).toContain("3 sub-agents work already");
    await peers.held(gate, 3);
    expect(await working(chat)).toHaveLength(3);
    await command(chat, "/stop #2");
    await soon(async () => expect(await working(chat)).toHaveLength(2));
    await command(chat, "/stop #2");
    await soon(async () => expect(await last(chat)).toBe("No sub-agent #2 is working."));
    await command(chat, "/stop");
    await soon(async () => expect(await working(chat)).toEqual([]));
    await peers.open(gate);
    await soon(async () => {
      const shown = await peers.shown(chat);
      for (const number of [1, 2, 3])
        expect(
          shown.filter((text) => text.includes(`Sub-agent #${number} (`) && text.includes("was stopped")),
        ).toHaveLength(1);
    });
    expect((await peers.shown(chat)).join()).not.toContain("Late.");
  });
});
