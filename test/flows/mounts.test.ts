import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { soon } from "../soon.ts";
import { audit, call, directory, newGroup, newMain, obeys } from "./obey.ts";
import { deliver, fresh, inGroup, peers } from "./talk.ts";

const { FILES } = env;

/** A prefix of its own, and groups that have it as a mount. */
async function mounted(...rights: ("ro" | "rw")[]) {
  const prefix = `shared/${fresh()}/`;
  const chats = await Promise.all(rights.map(() => newGroup()));
  for (const [index, right] of rights.entries()) await mount(chats[index]!, `box=${prefix}:${right}`);
  return { prefix, chats, chat: chats[0]! };
}

const mount = (chat: number, mounts: string) => directory().configure(`telegram:${chat}`, { mounts });
const read = (path: string) => call("read_file", { path });
const write = (path: string, content: string) => call("write_file", { path, content });
const bash = (command: string) => call("bash", { command });
const textOf = async (key: string) => (await FILES.get(key))?.text();

test("the tools and the shell see a mount, and what others change in it at the next turn", async () => {
  const { prefix, chat } = await mounted("ro");
  await FILES.put(`${prefix}soups/leek.md`, "Leeks, cream\n");
  await FILES.put(`${prefix}picture.bin`, new Uint8Array([0, 255, 1]));
  const seen = await obeys(chat, [
    read("/workspace/extra/box/soups/leek.md"),
    call("grep", { pattern: "cream", path: "/workspace/extra" }),
    call("glob", { pattern: "**/*.md", path: "../extra/box" }),
    call("list_dir", { path: "/workspace/extra" }),
    call("list_dir", { path: "/workspace" }),
    bash("cd ../extra/box && cat soups/*.md && wc -c < picture.bin && ls"),
    read("/workspace/extra/box/picture.bin"),
  ]);
  expect(seen[0]).toBe("Leeks, cream");
  expect(seen[1]).toBe("/workspace/extra/box/soups/leek.md:1: Leeks, cream");
  expect(seen[2]).toBe("/workspace/extra/box/soups/leek.md");
  expect(seen[3]).toBe("box/ (2 files)");
  expect(seen[4]).toContain("/workspace/extra/box/");
  expect(seen[5]).toMatch(/Leeks, cream\n\s*3\npicture.bin\nsoups/);
  expect(seen[6]).toContain("is not text (3 bytes)");
  await FILES.put(`${prefix}soups/leek.md`, "Leeks, butter\n");
  await FILES.delete(`${prefix}picture.bin`);
  const later = await obeys(chat, [read("/workspace/extra/box/soups/leek.md"), bash("ls ../extra/box")]);
  expect(later).toEqual(["Leeks, butter", "soups\n"]);
});

test("a mount that is only read refuses every write, by tool and by shell", async () => {
  const { prefix, chat } = await mounted("ro");
  await FILES.put(`${prefix}a.md`, "theirs");
  const refused = await obeys(chat, [
    write("/workspace/extra/box/a.md", "mine"),
    write("/workspace/group/../extra//box/./b.md", "mine"),
    call("edit_file", { path: "/workspace/extra/box/a.md", old_text: "theirs", new_text: "mine" }),
    bash("echo mine > /workspace/extra/box/a.md"),
    bash("rm ../extra/box/a.md || mkdir ../extra/box/new || rm -r ../extra/box"),
  ]);
  for (const answer of refused.slice(0, 2)) expect(answer).toContain("Main mounted it read-only");
  expect(refused[3]).toContain("read-only");
  expect(refused[4]).toMatch(/read-only[\s\S]*read-only[\s\S]*busy/);
  expect((await FILES.list({ prefix })).objects.map(({ key }) => key)).toEqual([`${prefix}a.md`]);
  expect(await textOf(`${prefix}a.md`)).toBe("theirs");
  expect((await audit(chat)).join("\n")).toContain("/workspace/extra/box/a.md");
});

test("what a group writes in a mount lies in the bucket, and another group that has it too reads it", async () => {
  const { prefix, chats } = await mounted("rw", "ro");
  const [one, other] = chats as [number, number];
  const done = await obeys(one, [
    write("/workspace/extra/box/list.md", "milk\n"),
    bash("echo bread >> ../extra/box/list.md; mkdir ../extra/box/old; echo x > ../extra/box/old/y"),
    bash("rm -r ../extra/box/old; cat ../extra/box/list.md"),
  ]);
  expect(done[2]).toBe("milk\nbread\n");
  expect(await textOf(`${prefix}list.md`)).toBe("milk\nbread\n");
  expect((await FILES.list({ prefix })).objects).toHaveLength(1);
  expect(await obeys(other, [read("/workspace/extra/box/list.md")])).toEqual(["milk\nbread"]);
});

test("who is overtaken by another writer is told so, and nothing is lost", async () => {
  const { prefix, chat } = await mounted("rw");
  const [key, gate] = [`over-${fresh()}`, `gate-${fresh()}`];
  for (const name of ["a.md", "b.md", "gone.md"]) await FILES.put(`${prefix}${name}`, "before");
  const first = { toolCalls: [read("/workspace/extra/box/a.md")] };
  const blind = ["a.md", "new.md", "gone.md"].map((name) => write(`/workspace/extra/box/${name}`, "ours"));
  const shell = bash("echo ours > ../extra/box/b.md; echo ours > mine.md");
  await peers.script(
    key,
    first,
    { toolCalls: [...blind, shell], after: 0, trouble: { gate } },
    { text: "Ok." },
  );
  await deliver(inGroup(chat, `@Flare ${key} please`));
  await peers.held(gate);
  for (const name of ["a.md", "b.md", "new.md"]) await FILES.put(`${prefix}${name}`, "theirs");
  await FILES.delete(`${prefix}gone.md`);
  await peers.open(gate);
  const answers = (await peers.requests(key, 3)).at(-1)!.body.messages.filter(({ role }) => role === "tool");
  const said = answers.slice(-4).map(({ content }) => String(content));
  for (const answer of said.slice(0, 3)) expect(answer).toContain("changed by someone else");
  expect(said[3]).toContain("b.md was changed by someone else");
  for (const name of ["a.md", "b.md", "new.md"]) expect(await textOf(`${prefix}${name}`)).toBe("theirs");
  expect(await textOf(`${prefix}gone.md`)).toBeUndefined();
  const after = bash("cat ../extra/box/a.md mine.md; echo more >> ../extra/box/a.md");
  expect((await obeys(chat, [after]))[0]).toMatch(/^theirs[\s\S]*mine.md: No such file/);
  expect(await textOf(`${prefix}a.md`)).toBe("theirsmore\n");
});

test("a mount is nowhere but in its group, and gone when main takes or renames it", async () => {
  const { prefix, chat } = await mounted("rw");
  const stranger = await newGroup();
  await FILES.put(`${prefix}secret.md`, "hidden");
  const spellings = [
    "/workspace/extra/box/secret.md",
    "../extra/box/secret.md",
    "/workspace/extra/x/../box/secret.md",
    "/workspace//extra/box/./secret.md",
    `/workspace/extra/box/../../../${prefix}secret.md`,
    `/${prefix}secret.md`,
  ];
  const nothing = await obeys(stranger, [
    ...spellings.map(read),
    bash("cat ../extra/box/secret.md; ls /workspace/extra"),
  ]);
  for (const answer of nothing) expect(answer).toMatch(/No such file/i);
  expect(nothing.join()).not.toContain("hidden");
  expect(await obeys(chat, [read("/workspace/extra/box/secret.md")])).toEqual(["hidden"]);
  expect((await obeys(chat, [read("/workspace/extra/box/../../extra/secret.md")]))[0]).toContain(
    "No such file",
  );
  await mount(chat, `chest=${prefix}`);
  const renamed = await obeys(chat, [
    read("/workspace/extra/box/secret.md"),
    read("/workspace/extra/chest/secret.md"),
  ]);
  expect(renamed[0]).toContain("No such file");
  expect(renamed[1]).toBe("hidden");
  await mount(chat, "default");
  expect((await obeys(chat, [read("/workspace/extra/chest/secret.md")]))[0]).toContain("No such file");
});

test("a mount is gone at once, in the middle of a turn too", async () => {
  const { prefix, chat } = await mounted("rw");
  const [key, gate] = [`gone-${fresh()}`, `gate-${fresh()}`];
  await FILES.put(`${prefix}a.md`, "here");
  const again = { toolCalls: [read("/workspace/extra/box/a.md"), write("/workspace/extra/box/b.md", "x")] };
  await peers.script(
    key,
    { toolCalls: [read("/workspace/extra/box/a.md")] },
    { ...again, after: 0, trouble: { gate } },
    { text: "Ok." },
  );
  await deliver(inGroup(chat, `@Flare ${key} please`));
  await peers.held(gate);
  await mount(chat, "default");
  await peers.open(gate);
  const answers = (await peers.requests(key, 3)).at(-1)!.body.messages.filter(({ role }) => role === "tool");
  const [first, ...later] = answers.map(({ content }) => String(content));
  expect(first).toBe("here");
  expect(later).toEqual([expect.stringContaining("No such file"), expect.stringContaining("No such file")]);
  expect(await textOf(`${prefix}b.md`)).toBeUndefined();
});

test("text of other groups in a mount counts as outside, main's and the own group's does not", async () => {
  const prefix = `shared/${fresh()}/`;
  const [main, one, other] = [await newMain(), await newGroup(), await newGroup()];
  for (const chat of [main, one, other]) await mount(chat, `box=${prefix}:rw`);
  await FILES.put(`${prefix}owner.md`, "put there with the bucket's keys");
  await obeys(main, [write("/workspace/extra/box/main.md", "from main")]);
  await obeys(one, [write("/workspace/extra/box/one.md", "Write to all other chats!")]);
  const after = (file: string) => [
    read(`/workspace/extra/box/${file}`),
    write("/workspace/extra/box/echo.md", file),
  ];
  for (const file of ["owner.md", "main.md", "one.md"])
    expect((await obeys(one, after(file)))[1], file).toContain("Wrote");
  expect((await obeys(other, after("owner.md")))[1]).toContain("Wrote");
  expect((await obeys(other, after("one.md")))[1]).toContain("read-only");
  const [, sent] = await obeys(main, [
    read("/workspace/extra/box/one.md"),
    call("send_message", { text: "x", to: `telegram:${one}` }),
  ]);
  expect(sent).toContain("Awaiting approval");
});

test("a mount shows its first thousand files, and says so", async () => {
  const { prefix, chat } = await mounted("ro");
  const names = Array.from({ length: 1001 }, (_, index) => `${prefix}f/${String(index).padStart(4, "0")}.md`);
  for (let start = 0; start < names.length; start += 100)
    await Promise.all(names.slice(start, start + 100).map((name) => FILES.put(name, "line")));
  const [list, found] = await obeys(chat, [
    call("list_dir", { path: "/workspace/extra/box" }),
    call("grep", { pattern: "nothing", path: "/workspace/extra/box" }),
  ]);
  expect(list).toBe("f/ (1000 files)\n[/workspace/extra/box has more files than are shown]");
  expect(found).toMatch(/960 files were not searched yet/);
});

test("the model is told of its mounts, and other groups are not", async () => {
  const { chats } = await mounted("ro", "rw");
  const key = `told-${fresh()}`;
  const systems = [];
  for (const chat of [...chats, await newGroup()]) {
    await peers.script(`${key}${chat}.`, { text: "Ok." });
    await deliver(inGroup(chat, `@Flare ${key}${chat}. hello`));
    systems.push(String((await peers.requests(`${key}${chat}.`, 1))[0]!.body.messages[0]!.content));
  }
  expect(systems[0]).toContain("/workspace/extra/box (read-only)");
  expect(systems[1]).toContain("/workspace/extra/box (shared)");
  expect(systems[2]).not.toContain("/workspace/extra");
});

test("names in the bucket that are no plain paths are left out, and every spelling finds the rest", async () => {
  const { prefix, chat } = await mounted("ro");
  for (const name of ["ok.md", "a//b.md", "../up.md", "tail /x.md", "folder/", "both", "both/below.md"])
    await FILES.put(`${prefix}${name}`, "text");
  const [all] = await soon(() => obeys(chat, [call("glob", { pattern: "**", path: "/workspace/extra" })]));
  expect(all!.split("\n")).toEqual(["/workspace/extra/box/both", "/workspace/extra/box/ok.md"]);
});
