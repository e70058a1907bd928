import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

/** The river: each folder may import from itself and from what is named here. */
const MAY_IMPORT: Record<string, string[]> = {
  channels: [],
  schedule: [],
  agent: ["schedule"],
  sandbox: ["agent"],
  "durable-objects": ["agent", "schedule", "channels", "sandbox", "migrations", "skills"],
  workers: ["durable-objects", "channels", "agent"],
  bridge: ["channels"],
  cli: ["workers", "channels", "bridge"],
};
/** Only these touch the platform. */
const ON_CLOUDFLARE = ["workers", "durable-objects", "sandbox"];

const IMPORT = /(?:import|export)\s+(type\s+)?(?:[^"';]*?from\s+)?"([^"]+)"|import\(\s*"([^"]+)"\s*\)/g;

interface Import {
  file: string;
  from: string;
  to: string;
  typeOnly: boolean;
}

const sources = Object.keys(MAY_IMPORT).flatMap((folder) => globSync(`${folder}/**/*.{ts,tsx}`));
const imports: Import[] = sources.flatMap((file) =>
  [...readFileSync(file, "utf8").matchAll(IMPORT)].map((match) => ({
    file,
    from: file.split("/")[0]!,
    to: match[2] ?? match[3]!,
    typeOnly: match[1] !== undefined,
  })),
);

/** The top folder that an import leads to; undefined for packages and for the package file itself. */
function folderOf(entry: Import): string | undefined {
  if (!entry.to.startsWith(".") || entry.to.endsWith("/package.json")) return undefined;
  return normalize(join(dirname(entry.file), entry.to)).split("/")[0];
}

test("imports run down the river only", () => {
  expect(sources.length).toBeGreaterThan(20);
  const against = imports.filter((entry) => {
    const to = folderOf(entry);
    return to !== undefined && to !== entry.from && !MAY_IMPORT[entry.from]!.includes(to);
  });
  expect(against.map((entry) => `${entry.file} imports ${entry.to}`)).toEqual([]);
});

test("the CLI takes types alone from the Worker", () => {
  const values = imports.filter(
    (entry) => entry.from === "cli" && folderOf(entry) === "workers" && !entry.typeOnly,
  );
  expect(values.map((entry) => `${entry.file} imports ${entry.to}`)).toEqual([]);
});

test("only the doors, the rooms and the hands touch the platform", () => {
  const platform = imports.filter(
    (entry) => /^(cloudflare:|@cloudflare\/)/.test(entry.to) && !ON_CLOUDFLARE.includes(entry.from),
  );
  expect(platform.map((entry) => `${entry.file} imports ${entry.to}`)).toEqual([]);
});

test("time and chance enter in one file of the Worker and one of the companion", () => {
  const clocks = sources.filter(
    (file) =>
      !file.startsWith("cli/") &&
      /\b(Date\.now|Math\.random|randomUUID|getRandomValues)\s*\(/.test(readFileSync(file, "utf8")),
  );
  expect(clocks.sort()).toEqual(["bridge/clock.ts", "durable-objects/clock.ts"]);
});

test("no file has grown beyond 300 lines", () => {
  const long = sources.filter((file) => readFileSync(file, "utf8").split("\n").length > 300);
  expect(long).toEqual([]);
});
