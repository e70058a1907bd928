import { afterAll, expect, inject, test } from "vitest";
import { adopting } from "./adoption-scene.ts";
import { answering } from "./answer.ts";
import { approving } from "./approval-scene.ts";
import { sendingFiles } from "./files-scene.ts";
import { crashAt, crashBeyond, pointsOf, type Scene } from "./loop.ts";
import { calling } from "./mcp-scene.ts";
import { claiming, migrating, removing, restoring } from "./rights-scenes.ts";
import { command, joining, registering, streamed, writing } from "./scenes.ts";
import { due } from "./task-scene.ts";
import { speaking } from "./voice-scene.ts";

const { all } = inject("faults");
let tried = 0;

afterAll(() => console.log(`${tried} fault points tried in all`));

test("an answer with tools survives a crash at every point", () => everywhere("answer", answering));
test("a message that joins survives a crash at every point", () => everywhere("joining", joining));
test("a command survives a crash at every point", () => everywhere("command", command));
test("an answer shown while it is written survives a crash at every point", () =>
  everywhere("edits", streamed));
test("files agree with R2 after a crash at every point", () => everywhere("files", writing));
test("tasks that come due survive a crash at every point", () => everywhere("tasks", due));
test("an approved call and a sub-agent survive a crash at every point", () =>
  everywhere("approval", approving));
test("a call of another agent is made once or not at all, whatever crashes", () =>
  everywhere("another agent", calling));
test("a voice message survives a crash at every point", () => everywhere("voice", speaking));
test("a file that is sent survives a crash at every point", () => everywhere("sent files", sendingFiles));
test("a folder taken over survives a crash of its new chat at every point", () =>
  everywhere("adoption", adopting("heir")));
test("a folder taken over survives a crash of its old chat at every point", () =>
  everywhere("adoption, giver", adopting("giver")));
// What one main is told all are: one at a time.
test("a chat that becomes main survives a crash at every point", () => everywhere("main", claiming, 1));
test("a removal survives a crash at every point", () => everywhere("removal", removing));
test("a chat that changes its id survives a crash of the object that keeps it at every point", () =>
  everywhere("migration", migrating("old")));
test("a chat that changes its id survives a crash of its new id's object at every point", () =>
  everywhere("migration, new id", migrating("new")));
test("memory that is brought back survives a crash at every point", () => everywhere("restore", restoring));
test("a registration survives a crash of the group at every point", () =>
  everywhere("registration", registering("group")));
// The directory is one object: what it breaks it breaks for all, so one crash at a time.
test("a registration survives a crash of the directory at every point", () =>
  everywhere("directory", registering("directory"), 1));

async function everywhere(name: string, scene: () => Promise<Scene>, atOnce?: number): Promise<void> {
  const points = await pointsOf(scene, all);
  const reached = await crashAt(points, scene, atOnce);
  const beyond = all ? await crashBeyond(points.at(-1)!.at, scene) : 0;
  tried += reached + beyond;
  console.log(`${name}: ${reached + beyond} fault points tried`);
  expect(reached).toBeGreaterThanOrEqual(points.length * 0.9);
}
