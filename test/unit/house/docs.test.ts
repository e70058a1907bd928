import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const pages = [...globSync("*.md"), ...globSync("docs/**/*.md")];

/** Links to files, and file names in code spans that look like paths of ours. */
function named(page: string): string[] {
  const text = readFileSync(page, "utf8");
  const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)/g)].map((match) =>
    join(dirname(page), match[1]!),
  );
  const spans = [
    ...text.matchAll(
      /`((?:channels|workers|durable-objects|agent|schedule|sandbox|bridge|cli|migrations|test|bench|docs|skills)\/[\w./-]+\.\w+)`/g,
    ),
  ];
  return [...links, ...spans.map((match) => match[1]!)];
}

test("every file that the documents name exists", () => {
  const missing = pages.flatMap((page) =>
    named(page)
      .filter((file) => !existsSync(file))
      .map((file) => `${page}: ${file}`),
  );
  expect(missing).toEqual([]);
});

test("every script that the README names is in package.json", () => {
  const scripts = JSON.parse(readFileSync("package.json", "utf8")).scripts as Record<string, string>;
  const used = [...readFileSync("README.md", "utf8").matchAll(/npm run ([\w:]+)/g)].map((match) => match[1]!);
  expect(used.filter((name) => !(name in scripts))).toEqual([]);
});

test("every table is in docs/storage.md", () => {
  const tables = globSync("durable-objects/**/*schema.ts").flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/sqliteTable\(\s*"(\w+)"/g)].map((match) => match[1]!),
  );
  const page = readFileSync("docs/storage.md", "utf8");
  expect(tables.length).toBeGreaterThan(10);
  expect(tables.filter((table) => !page.includes(`\`${table}\``))).toEqual([]);
});

test("the compose file passes on every variable that the companion reads", () => {
  const read = ["bridge/config.ts", "channels/feishu/api.ts"].flatMap((file) =>
    [
      ...readFileSync(file, "utf8").matchAll(
        /\b(?:NANOFLARE|BRIDGE|COMPANION|WHATSAPP|DISCORD|TELEGRAM|FEISHU)_\w+/g,
      ),
    ].map(([name]) => name),
  );
  // The image names its own folder; only tests speak to another WhatsApp.
  const own = ["COMPANION_DIR", "WHATSAPP_SOCKET_URL"];
  const passed = readFileSync("bridge/deploy/compose.yaml", "utf8");
  const missing = new Set(read.filter((name) => !own.includes(name) && !passed.includes(`${name}: `)));
  expect([...missing]).toEqual([]);
});
