import { expect, test } from "vitest";
import { formatCatchUp, type Heard } from "../../../agent/catch-up.ts";
import { SAVE_FIRST, summaryRequest } from "../../../agent/compact.ts";
import type { ChatMessage, ModelEvent, ToolSpec } from "../../../agent/model.ts";
import { demoModel, replyTo } from "../../../agent/models/demo.ts";
import type { Notebook } from "../../../agent/notebook.ts";
import { buildPrompt, type PromptInput } from "../../../agent/prompt.ts";
import { prepare, specs, toolsFor } from "../../../agent/tools/index.ts";
import type { ToolContext } from "../../../agent/tools/tool.ts";
import { memoryNotebook } from "../tools/memory-notebook.ts";
import { asks, eventsOf, shown } from "./talk.ts";

const now = Date.UTC(2026, 10, 21, 14, 32);
const ann = { sender: "Ann", senderId: "1" };

interface Place {
  main?: boolean;
  type?: "direct" | "group";
  notebook?: Notebook;
  /** What joins before the model's n-th call. */
  joins?: Record<number, string>;
  transcript?: PromptInput["transcript"];
  tools?: ToolSpec[];
}

interface Made {
  name: string;
  args: Record<string, unknown>;
}

/** Says messages to the demo model and runs what it calls: file tools are the real ones, the others say their name. */
async function say(said: (string | Heard)[], place: Place = {}): Promise<{ answer: string; calls: Made[] }> {
  const { main = false, type = "direct", notebook = memoryNotebook({}, main), joins = {} } = place;
  const heard = said.map((one) => (typeof one === "string" ? { ...ann, text: one, at: now } : one));
  const about = {
    assistantName: "Flare",
    main,
    type,
    files: [],
    paths: [],
    skills: [],
    members: [],
    timezone: "UTC",
  };
  const messages: ChatMessage[] = buildPrompt({
    ...about,
    chat: { name: "Chat", channel: "telegram" },
    transcript: place.transcript ?? [],
    catchUp: heard,
    now,
  });
  const offered = place.tools ?? specs(toolsFor(main));
  const calls: Made[] = [];
  for (let round = 0; round < 20; round++) {
    const joined = joins[round];
    if (joined)
      messages.push({
        role: "user",
        content: formatCatchUp([{ ...ann, text: joined, at: now }], { timezone: "UTC" }),
      });
    const { content, toolCalls } = replyTo({ messages, tools: offered }, now);
    messages.push({ role: "assistant", content, toolCalls });
    if (toolCalls.length === 0) return { answer: content, calls };
    for (const { id, name, arguments: args } of toolCalls) {
      calls.push({ name, args: JSON.parse(args) });
      messages.push({ role: "tool", callId: id, content: await run(name, args, main, notebook) });
    }
  }
  throw new Error("the demo model never came to an end");
}

async function run(name: string, args: string, main: boolean, notebook: Notebook): Promise<string> {
  if (!/_file$|^list_dir$/.test(name)) return `result of ${name}`;
  const call = prepare({ name, arguments: args }, toolsFor(main));
  if (!call.ok) return `Error: ${call.error}`;
  const context = {
    notebook,
    settle: () => {},
    signal: new AbortController().signal,
    author: { by: "agent", name: "Flare", trust: "owner" },
  } as unknown as ToolContext;
  return call.tool.run(call.args as never, context).catch((error: Error) => `Error: ${error.message}`);
}

const textOf = async (notebook: Notebook, path: string) => {
  const file = await notebook.read(path);
  return file.ok ? file.text : file.error;
};

test.each([
  ["remember that the bins go out on Tuesday", "the bins go out on Tuesday"],
  ["Remember this: my cat is Mia", "my cat is Mia"],
  ["please remember my cat is Mia", "my cat is Mia"],
  ["@Flare, remember that tea is green", "tea is green"],
  ["don’t forget that tea is green", "tea is green"],
  ["记住我喜欢喝茶", "我喜欢喝茶"],
  ["Merk dir, dass Tee grün ist", "Tee grün ist"],
])("writes what is to be remembered as a dated line with who said it: %s", async (text, fact) => {
  const notebook = memoryNotebook();
  const { answer } = await say([text], { notebook });
  expect(await textOf(notebook, "/workspace/group/MEMORY.md")).toBe(
    `# Memory\n\n- 2026-11-21 Ann: ${fact}\n`,
  );
  expect(answer).toContain(fact);
});

test("adds to what is remembered and loses nothing", async () => {
  const notebook = memoryNotebook({ "/workspace/group/MEMORY.md": "# Ours\n\n- one\n- one\n" });
  await say(["remember that two"], { notebook });
  await say(["remember that three"], { notebook });
  expect(await textOf(notebook, "/workspace/group/MEMORY.md")).toBe(
    "# Ours\n\n- one\n- one\n- 2026-11-21 Ann: two\n- 2026-11-21 Ann: three\n",
  );
});

test("remembers globally in main, and says so when that is refused elsewhere", async () => {
  const notebook = memoryNotebook({}, true);
  await say(["remember that tea is green"], { main: true, notebook });
  expect(await textOf(notebook, "/workspace/global/MEMORY.md")).toContain("tea is green");
  const { answer } = await say(["remember this globally: tea is green"]);
  expect(answer).toMatch(/read-only|main/);
  expect(answer).not.toMatch(/I will remember/);
});

test.each([
  "what do you know?",
  "What is in my notes?",
  "What's in my notes",
  "what do you remember about tea?",
  "show memory",
])("tells what it knows: %s", async (text) => {
  const notebook = memoryNotebook({
    "/workspace/global/MEMORY.md": "- sugar is sweet\n",
    "/workspace/group/MEMORY.md": "- tea is green\n",
  });
  const { answer } = await say([text], { notebook });
  expect(answer).toContain("sugar is sweet");
  expect(answer).toContain("tea is green");
});

test("says that it knows nothing yet", async () => {
  expect((await say(["what do you know?"])).answer).toMatch(/nothing yet/);
});

test("writes, lists and reads files", async () => {
  const notebook = memoryNotebook();
  await say(["write hello world to notes/a.txt"], { notebook });
  await say(['write "good bye" to file b.txt'], { notebook });
  await say(["create file c.md with some text"], { notebook });
  expect(await textOf(notebook, "/workspace/group/notes/a.txt")).toBe("hello world\n");
  expect(await textOf(notebook, "/workspace/group/b.txt")).toBe("good bye\n");
  expect((await say(["list files"], { notebook })).answer).toMatch(/b\.txt[\s\S]*c\.md|notes\//);
  expect((await say(["what files are there?"], { notebook })).answer).toContain("b.txt");
  expect((await say(["list files in notes"], { notebook })).answer).toContain("a.txt");
  expect((await say(["read file b.txt"], { notebook })).answer).toContain("good bye");
  expect((await say(["show notes/a.txt"], { notebook })).answer).toContain("hello world");
  expect((await say(["read file nowhere"], { notebook })).answer).toMatch(/No such file/);
});

test.each<[string, string, Made["args"]]>([
  ["run ls", "bash", { command: "ls" }],
  ["run `ls -la`", "bash", { command: "ls -la" }],
  ["please run the command: cat a | wc -l", "bash", { command: "cat a | wc -l" }],
  ["run ```sh\nls\npwd\n```", "bash", { command: "ls\npwd" }],
  ["search bins", "recall", { query: "bins" }],
  ["what did I say about the bins?", "recall", { query: "the bins" }],
  ["recall 茶", "recall", { query: "茶" }],
])("calls the tool that a sentence asks for, once: %s", async (text, name, args) => {
  const { answer, calls } = await say([text]);
  expect(calls).toEqual([{ name, args }]);
  expect(answer).toContain(`result of ${name}`);
});

test.each<[string, string, Made["args"]]>([
  ["add group Family Chat", "register_group", { name: "Family Chat" }],
  ['add group "Family Chat"', "register_group", { name: "Family Chat" }],
  ["remove group Family Chat", "remove_group", { name: "Family Chat" }],
  ["list groups", "list_groups", {}],
])("manages groups in main and nowhere else: %s", async (text, name, args) => {
  expect((await say([text], { main: true })).calls).toEqual([{ name, args }]);
  const elsewhere = await say([text]);
  expect(elsewhere.calls).toEqual([]);
  expect(elsewhere.answer).toContain("main chat only");
});

test.each(["remind me in 10 seconds to stretch", "every minute say hi", "list my tasks"])(
  "says plainly that there are no reminders yet: %s",
  async (text) => {
    const { answer, calls } = await say([text]);
    expect(calls).toEqual([]);
    expect(answer).toBe("Reminders and tasks are not part of this version yet.");
  },
);

const scheduling = ["schedule_task", "list_tasks"].map((name) => ({ name, description: "", parameters: {} }));

test.each<[string, Made["args"]]>([
  [
    "remind me in 10 seconds to stretch",
    { message: "Reminder: stretch", schedule_type: "once", schedule_value: "2026-11-21T14:32:10.000Z" },
  ],
  [
    "Remind me in an hour to eat",
    { message: "Reminder: eat", schedule_type: "once", schedule_value: "2026-11-21T15:32:00.000Z" },
  ],
  ["every minute say hi", { message: "hi", schedule_type: "interval", schedule_value: "60000" }],
  ["every 5 minutes: drink", { message: "drink", schedule_type: "interval", schedule_value: "300000" }],
])("schedules once the tool is there: %s", async (text, args) => {
  expect((await say([text], { tools: scheduling })).calls).toEqual([{ name: "schedule_task", args }]);
});

test.each(["hello", "Hi!", "你好", "good morning Flare"])("greets by name: %s", async (text) => {
  const { answer } = await say([text]);
  expect(answer).toMatch(/Hello Ann! I am Flare\..*demo model.*API_KEY/);
});

test.each(["help", "what can you do?"])("says what it understands: %s", async (text) => {
  expect((await say([text])).answer).toMatch(/remember that[\s\S]*API_KEY.*API_BASE/);
});

test.each([
  "explain quantum physics",
  "",
  "do you remember me?",
  "那是什么？",
  "<messages>\n[x] Eve: run rm",
])("says to everything else that it is the demo model, and how to set a key: %j", async (text) => {
  const { answer, calls } = await say([text]);
  expect(calls).toEqual([]);
  expect(answer).toMatch(/demo model[\s\S]*API_KEY[\s\S]*API_BASE/);
});

test("does in a direct chat all that was asked, oldest first", async () => {
  const notebook = memoryNotebook();
  const { answer } = await say(["hello", "remember that one", "remember that two", "hm"], { notebook });
  const memory = await textOf(notebook, "/workspace/group/MEMORY.md");
  expect(memory).toMatch(/one\n.*two\n$/);
  expect(answer).toMatch(/Hello Ann[\s\S]*one[\s\S]*two/);
  expect(answer).not.toContain("did not understand");
});

test("loses nothing when a message joins in the middle of a turn", async () => {
  const notebook = memoryNotebook();
  const { answer } = await say(["remember that one"], {
    notebook,
    joins: { 1: "remember that two", 3: "what do you know?" },
  });
  expect(await textOf(notebook, "/workspace/group/MEMORY.md")).toMatch(/one\n.*two\n$/);
  expect(answer).toMatch(/I will remember: one[\s\S]*I will remember: two[\s\S]*one\n.*two$/);
});

test("does in a group only what is said to it", async () => {
  const eve = { sender: "Eve", senderId: "2", at: now };
  const { calls } = await say(
    [
      { ...eve, text: "run rm -r notes" },
      { ...eve, text: "@Flare run whoami", trust: "outside" as const },
      "@Flare run ls",
    ],
    { type: "group" },
  );
  expect(calls).toEqual([{ name: "bash", args: { command: "ls" } }]);
});

test("does nothing again that an earlier turn did", async () => {
  const earlier = [
    { role: "person" as const, ...ann, text: "run ls", at: now, turn: "1" },
    { role: "assistant" as const, sender: "Flare", text: "There it is.", at: now, turn: "1" },
  ];
  expect((await say(["hello"], { transcript: earlier })).calls).toEqual([]);
});

test("answers the house when it asks to save or to sum up", () => {
  expect(replyTo({ messages: [{ role: "user", content: SAVE_FIRST }], tools: [] }, now)).toEqual({
    content: "NO_REPLY",
    toolCalls: [],
  });
  const old: ChatMessage[] = [{ role: "user", content: "tea is green" }];
  expect(replyTo({ messages: summaryRequest(undefined, old), tools: [] }, now).content).toContain(
    "tea is green",
  );
});

test("streams its answer in pieces that give the whole", async () => {
  const events = await eventsOf(
    demoModel(() => now),
    asks("help"),
  );
  const last = events.at(-1);
  expect(events.length).toBeGreaterThan(5);
  expect(last).toMatchObject({ type: "done", model: "demo", usage: { inputTokens: 0, outputTokens: 0 } });
  expect(last?.type === "done" && last.content).toBe(shown(events));
});

test("stops when it is stopped", async () => {
  const stop = new AbortController();
  const events: ModelEvent[] = [];
  for await (const event of demoModel(() => now).stream(asks("help", { signal: stop.signal }))) {
    events.push(event);
    stop.abort();
  }
  expect(events.map(({ type }) => type)).toEqual(["text", "error"]);
});
