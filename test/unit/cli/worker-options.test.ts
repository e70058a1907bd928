import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

test("what wrangler.toml says is read beside a .dev.vars, and nothing of that is kept with it", () => {
  const folder = mkdtempSync(join(tmpdir(), "nanoflare-options-"));
  try {
    const [config, file] = [join(folder, "wrangler.toml"), join(folder, "options.json")];
    writeFileSync(config, 'name = "x"\ncompatibility_date = "2026-10-01"\n[vars]\nCOLOUR = "blue"\n');
    writeFileSync(join(folder, ".dev.vars"), "API_KEY=sk-hidden\n");
    execFileSync(process.execPath, ["cli/local/worker-options.ts", config, file], { stdio: "pipe" });
    const written = readFileSync(file, "utf8");
    expect(JSON.parse(written)).toMatchObject({ bindings: { COLOUR: "blue" } });
    expect(written).not.toContain("sk-hidden");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
