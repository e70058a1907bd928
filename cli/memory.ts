import type { MemoryVersion } from "../workers/memory.ts";
import { ask, clientOf, type Target } from "./client.ts";
import { table, time } from "./table.ts";

/** `group`: a chat's name or address. */
export interface MemoryOptions {
  group: string;
  json?: boolean;
}

/** Prints the memory files of a chat, the global ones too. */
export async function listMemory(target: Target, options: MemoryOptions): Promise<void> {
  const { said, files = [] } = await ask(
    target,
    memoryOf(target)[":address"].$get({ param: param(options) }),
  );
  if (options.json) return print(files);
  if (files.length === 0) return console.log(said);
  const rows = files.map(({ file, size, updatedAt }) => [file, String(size), time(updatedAt)]);
  console.log(table(["file", "bytes", "changed"], rows));
}

/** Prints a memory file, as it is now or as it was in a version. */
export async function showMemory(
  target: Target,
  file: string,
  version: string | undefined,
  options: MemoryOptions,
): Promise<void> {
  const url = memoryOf(target)[":address"][":file"];
  const query = version === undefined ? {} : { version: Number(version) };
  const { text = "", file: name } = await ask(target, url.$get({ param: param(options, file), query }));
  if (options.json) return print({ file: name, text });
  process.stdout.write(text.endsWith("\n") || text === "" ? text : `${text}\n`);
}

/** Prints the kept versions of a memory file, newest first: when, for whom, and after which words. */
export async function listVersions(target: Target, file: string, options: MemoryOptions): Promise<void> {
  const url = memoryOf(target)[":address"][":file"].versions;
  const { versions = [] } = await ask(target, url.$get({ param: param(options, file) }));
  if (options.json) return print(versions);
  console.log(table(["version", "at", "bytes", "trust", "by", "after"], versions.map(rowOf)));
}

/** Makes a kept version the newest one, and prints what came of it. */
export async function restoreMemory(
  target: Target,
  file: string,
  version: string,
  options: MemoryOptions,
): Promise<void> {
  const url = memoryOf(target)[":address"][":file"].restore;
  const asked = { param: param(options, file), json: { version: Number(version) } };
  const { said, file: name } = await ask(target, url.$post(asked));
  if (options.json) return print({ file: name, said });
  console.log(said);
}

function rowOf({ version, at, size, trust, name, by, quote = "" }: MemoryVersion): string[] {
  return [
    String(version),
    time(at),
    size === undefined ? "removed" : String(size),
    trust,
    `${name} (${by})`,
    quote,
  ];
}

function memoryOf(target: Target) {
  return clientOf(target).memory;
}

function param({ group }: MemoryOptions): { address: string };
function param({ group }: MemoryOptions, file: string): { address: string; file: string };
function param({ group }: MemoryOptions, file?: string) {
  const address = encodeURIComponent(group);
  return file === undefined ? { address } : { address, file: encodeURIComponent(file) };
}

function print(value: unknown): void {
  console.log(JSON.stringify(value, undefined, 2));
}
