import { expect, test } from "vitest";
import type { Hands } from "../../sandbox/hands.ts";
import { call, directory, newGroup } from "./obey.ts";
import { roomWith } from "./other-env.ts";
import { fresh, inGroup, peers, room } from "./talk.ts";

const BASH = (command: string) => call("bash", { command });
const nothing = { stdout: "", stderr: "", exitCode: 0, reached: [] };

/** A binding whose containers do what a test says. */
const containers = (hands: Partial<Hands>) => ({ SANDBOX: { getByName: () => hands } });

/** A container that runs nothing, and answers each command as if it had printed this. */
function answering(stdout: string, reached: string[] = []) {
  const reaches: unknown[] = [];
  let request: { marker?: string } = {};
  const hands: Hands = {
    begin: async () => {},
    end: async () => {},
    put: async (_, text) => {
      request = JSON.parse(text);
    },
    run: async (command, reach) => {
      reaches.push(reach);
      if (!command.includes(" run ")) return { ...nothing, exitCode: 2 };
      const answer = { marker: request.marker, ran: true, exitCode: 0, ended: null, stdout, stderr: "" };
      return { ...nothing, stdout: JSON.stringify({ ...answer, base: {}, files: {} }), reached };
    },
  };
  return { hands, reaches };
}

/** One turn of a group whose model makes these calls; what the model was shown in the end. */
async function turn(chat: number, vars: object, calls: ReturnType<typeof call>[]) {
  const key = `hands-${fresh()}`;
  await peers.script(key, { toolCalls: calls }, { text: `Done, ${key}.` });
  await roomWith(chat, vars as Record<string, unknown>, inGroup(chat, `@Flare ${key}`));
  const { body } = (await peers.requests(key, 2)).at(-1)!;
  const results = body.messages.filter(({ role }) => role === "tool").map(({ content }) => String(content));
  return { body, results };
}

test("without containers in the account commands run in the embedded shell, and status says so until there are", async () => {
  const chat = await newGroup();
  const run = () =>
    Promise.reject(new Error("Containers have not been enabled for this Durable Object class."));
  const { results } = await turn(chat, containers({ run }), [BASH("echo 4711 > a.md; cat a.md")]);
  expect(results.at(-1)).toBe("4711\n");
  await roomWith(chat, containers({ run }), inGroup(chat, "/status", entities("/status")));
  expect((await peers.shown(chat)).at(-1)).toMatch(
    /Commands: embedded shell: this account has no containers/,
  );
  const { hands } = answering("from the container");
  expect((await turn(chat, containers(hands), [BASH("ls")])).results.at(-1)).toContain("from the container");
  await roomWith(chat, containers(hands), inGroup(chat, "/status", entities("/status")));
  expect((await peers.shown(chat)).at(-1)).toMatch(/Commands: container/);
});

test("the default install says that commands run in the embedded shell", async () => {
  expect((await room(await newGroup()).status()).shell).toBe("embedded shell");
});

test("a container that is lost in the middle ends the call, not the turn, and nothing is run twice", async () => {
  const chat = await newGroup();
  const { hands } = answering("");
  let runs = 0;
  const lost: Hands = {
    ...hands,
    run: (command, reach) => {
      if (!command.includes(" run ")) return hands.run(command, reach);
      runs++;
      return Promise.reject(new Error("the container went away"));
    },
  };
  const { results } = await turn(chat, containers(lost), [BASH("rm a.md")]);
  expect(results.at(-1)).toMatch(/outcome is unknown/);
  expect(runs).toBe(1);
});

test("a command reaches what the group's setting says, and what came from a host makes the turn one from outside", async () => {
  const chat = await newGroup();
  expect(
    await directory().configure(`telegram:${chat}`, { egress: "none", env: "TZ=Asia/Tokyo" }),
  ).toMatchObject({ ok: true });
  const { hands, reaches } = answering("fetched", ["pypi.org"]);
  await turn(chat, containers(hands), [BASH("pip download x"), BASH("ls")]);
  expect(reaches.at(0)).toEqual({ egress: "none", outside: false, main: false });
  expect(reaches.at(-1)).toEqual({ egress: "none", outside: true, main: false });
});

test("the model is told of a whole machine where there is one", async () => {
  const chat = await newGroup();
  const described = (body: { tools?: unknown }) => JSON.stringify(body.tools);
  const { hands } = answering("");
  expect(described((await turn(chat, containers(hands), [BASH("ls")])).body)).toContain("python3");
  expect(described((await turn(chat, {}, [BASH("ls")])).body)).not.toContain("python3");
});

function entities(command: string) {
  return { entities: [{ type: "bot_command", offset: 0, length: command.length }] };
}
