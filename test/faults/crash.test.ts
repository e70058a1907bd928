import { afterAll, expect, inject, test } from "vitest";
import { adopting } from "./adoption-scene.ts";
import { answering } from "./answer.ts";
import { crashAt, crashBeyond, pointsOf, type Scene } from "./loop.ts";
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
test("a voice message survives a crash at every point", () => everywhere("voice", speaking));
test("a folder taken over survives a crash of its new chat at every point", () =>
  everywhere("adoption", adopting));
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
