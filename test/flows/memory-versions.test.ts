import { env, exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { endsWithItsTest } from "./obey.ts";
import { deliver, direct, fresh, inGroup, peers, register, room } from "./talk.ts";

const call = (name: string, args: Record<string, unknown>) => ({ toolCalls: [{ name, arguments: args }] });
const directory = () => env.DIRECTORY.getByName("directory");

/** A command as Telegram marks it. */
function command(update: typeof direct, chat: number, text: string, from?: object) {
  const entities = [{ type: "bot_command", offset: 0, length: text.split(" ")[0]!.length }];
  return update(chat, text, { entities, ...(from ? { from } : {}) });
}

/** Says a command in a direct chat and answers what it said. */
async function said(chat: number, text: string, nth: number): Promise<string> {
  await deliver(command(direct, chat, text));
  return (await peers.shown(chat, nth)).at(-1)!;
}

/** Has the agent of a direct chat write a file. */
async function write(chat: number, path: string, content: string, nth: number, words = "remember this") {
  const key = `w-${chat}-${nth}`;
  await peers.script(key, call("write_file", { path, content }), { text: `Noted ${nth}.` });
  await deliver(direct(chat, `${key} ${words}`));
  await peers.shown(chat, nth);
}

/** Asks the admin API. */
async function api(method: string, path: string, body?: object, token = "flow-admin") {
  const response = await exports.default.fetch(
    new Request(`http://flare.test/api/memory/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body ? { body: JSON.stringify(body) } : {}),
    }),
  );
  // biome-ignore lint/suspicious/noExplicitAny: the answer is checked by the test
  return { status: response.status, body: (await response.json()) as any };
}

async function makeMain(chat: number, nth: number): Promise<void> {
  endsWithItsTest(chat);
  expect(await said(chat, `/main ${await directory().mainCode()}`, nth)).toMatch(/main now/);
}

test("what was overwritten is listed, shown and brought back, by names long and short", async () => {
  const chat = fresh();
  await write(chat, "MEMORY.md", "- first\n", 1, "the boiler is old");
  await write(chat, "memory/trips.md", "- Rome\n", 2);
  await write(chat, "MEMORY.md", "- second\n", 3);
  const listed = await said(chat, "/memory", 4);
  for (const file of ["MEMORY.md", "memory/trips.md"]) expect(listed).toContain(file);
  expect(await said(chat, "/memory show memory", 5)).toContain("- second");
  expect(await said(chat, "/memory show Trips", 6)).toContain("- Rome");
  const versions = await said(chat, "/memory versions MEMORY.md", 7);
  expect(versions).toContain("Ann");
  expect(versions).toContain("the boiler is old");
  const numbers = [...versions.matchAll(/^\D*(\d+)(?: \(now\))?:/gm)].map((match) => match[1]!);
  expect(numbers).toHaveLength(2);
  expect(await said(chat, `/memory show MEMORY.md ${numbers[1]}`, 8)).toContain("- first");
  expect(await said(chat, `/memory restore memory.md ${numbers[1]}`, 9)).toMatch(/MEMORY\.md is back/);
  expect(await said(chat, "/memory show MEMORY.md", 10)).toContain("- first");
  const after = await said(chat, "/memory versions MEMORY.md", 11);
  expect([...after.matchAll(/^\D*(\d+)(?: \(now\))?:/gm)]).toHaveLength(3);
  expect(await said(chat, `/memory restore MEMORY.md ${numbers[1]}`, 12)).toMatch(/already/);
  const audit = await room(chat).audit(50);
  expect(audit.filter(({ what }) => what === "restored /workspace/group/MEMORY.md")).toMatchObject([
    { who: "telegram:1001" },
  ]);
});

test("a file that was removed can be brought back, and what is asked amiss is answered with what to do", async () => {
  const chat = fresh();
  await write(chat, "memory/plans.md", "- paint the fence\n", 1);
  const key = `rm-${chat}`;
  await peers.script(key, call("bash", { command: "rm memory/plans.md" }), { text: "Gone." });
  await deliver(direct(chat, key));
  await peers.shown(chat, 2);
  expect(await said(chat, "/memory show plans", 3)).toMatch(/was removed/);
  const versions = await said(chat, "/memory versions plans", 4);
  expect(versions).toMatch(/removed/);
  const number = /^\D*(\d+):.*bytes/m.exec(versions)![1];
  expect(await said(chat, `/memory restore plans ${number}`, 5)).toMatch(/is back/);
  expect(await said(chat, "/memory show plans", 6)).toContain("- paint the fence");
  expect(await said(chat, "/memory restore plans 4711", 7)).toMatch(/no version 4711/);
  expect(await said(chat, "/memory show ../../etc/passwd", 8)).toMatch(/no memory file/);
  expect(await said(chat, "/memory restore plans", 9)).toMatch(/\/memory restore FILE NUMBER/);
});

test("global memory is read everywhere, and brought back in main alone", async () => {
  const [main, other] = [fresh(), fresh()];
  await write(main, "MEMORY.md", "- own\n", 1);
  await makeMain(main, 2);
  const file = `memory/g${main}.md`;
  await write(main, `/workspace/global/${file}`, "- before\n", 3);
  await write(main, `/workspace/global/${file}`, "- after\n", 4);
  await write(other, "MEMORY.md", "- mine\n", 1);
  expect(await said(other, `/memory show global/${file}`, 2)).toContain("- after");
  const denied = await said(other, `/memory versions global/${file}`, 3);
  expect(denied).toMatch(/main/);
  expect(denied).not.toMatch(/bytes/);
  const versions = await said(main, `/memory versions global/${file}`, 5);
  const number = [...versions.matchAll(/^\D*(\d+)(?: \(now\))?:/gm)].at(-1)![1];
  for (const verb of ["restore", "show"])
    expect(await said(other, `/memory ${verb} global/${file} ${number}`, verb === "restore" ? 4 : 5)).toMatch(
      /only main/i,
    );
  expect(await said(main, `/memory restore g${main} ${number}`, 6)).toMatch(/is back/);
  expect(await said(other, `/memory show g${main}`, 6)).toContain("- before");
  const audit = await room(other).audit(50);
  expect(audit.some(({ what }) => what.startsWith("refused restore /workspace/global/"))).toBe(true);
});

test("every version says for whom, when and after which message it was written, and its label", async () => {
  const chat = -fresh();
  await register(chat);
  const bob = { id: 1002, is_bot: false, first_name: "Bob" };
  const key = `prov-${chat}`;
  await peers.script(key, call("write_file", { path: "MEMORY.md", content: "- Bob: tea\n" }), {
    text: "Noted.",
  });
  const began = Date.now();
  await deliver(inGroup(chat, `@Flare ${key} remember that I drink tea`, { from: bob }));
  await peers.shown(chat, 1);
  const { status, body } = await api("GET", `telegram%3A${chat}/MEMORY.md/versions`);
  expect(status).toBe(200);
  expect(body.versions).toMatchObject([
    { by: "telegram:1002", name: "Bob", trust: "member", size: 11, quote: expect.stringContaining(key) },
  ]);
  expect(body.versions[0].at).toBeGreaterThanOrEqual(began);
  const history = await room(chat).history({ limit: 50 });
  expect(history.find(({ id }) => id === body.versions[0].source)?.text).toContain("I drink tea");
  expect(
    (await room(chat).audit(50)).some(({ who, what }) => who === "telegram:1002" && /MEMORY\.md/.test(what)),
  ).toBe(true);
});

test("the API lists, shows and restores by a chat's name, for the owner alone", async () => {
  const chat = fresh();
  await write(chat, "memory/水.md", "- 一\n", 1);
  await write(chat, "memory/水.md", "- 二\n", 2);
  const at = `telegram%3A${chat}`;
  const file = encodeURIComponent("memory/水.md");
  expect((await api("GET", at)).body.files).toMatchObject(
    expect.arrayContaining([expect.objectContaining({ file: "memory/水.md", size: 6 })]),
  );
  expect((await api("GET", `${at}/${file}`)).body.text).toBe("- 二\n");
  const { versions } = (await api("GET", `${at}/${file}/versions`)).body;
  const older = versions.at(-1).version;
  expect((await api("GET", `${at}/${file}?version=${older}`)).body.text).toBe("- 一\n");
  expect((await api("POST", `${at}/${file}/restore`, { version: older })).status).toBe(200);
  expect((await api("GET", `${at}/${file}`)).body.text).toBe("- 一\n");
  expect((await api("GET", `${at}/${file}/versions`)).body.versions[0]).toMatchObject({ by: "owner" });
  expect((await api("GET", `${at}/nothing.md`)).status).toBe(404);
  expect((await api("GET", `telegram%3A${fresh()}`)).status).toBe(404);
  expect((await api("POST", `${at}/${file}/restore`, {})).status).toBe(400);
  expect((await api("GET", at, undefined, "wrong")).status).toBe(401);
});
