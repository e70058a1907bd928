import { expect, test } from "vitest";
import { isRuntimeNote } from "../../../cli/local/runtime-notes.ts";

test.each([
  'workerd/io/worker.c++:4020: error: NOSENTRY SQLite alarm handler canceled.; actorId = "ab"; localTime = 0',
  "NOSENTRY output lock broke during alarm execution\nstack: /x@1 /y@2",
])("what workerd notes for its makers is not shown: %s", (line) => {
  expect(isRuntimeNote(line)).toBe(true);
});

test.each([
  '{"what":"a turn failed","message":"NOSENTRY was in the question"}',
  "workerd/io/worker.c++:1: error: disk I/O error",
  "Error: out of memory",
])("everything else is: %s", (line) => {
  expect(isRuntimeNote(line)).toBe(false);
});
