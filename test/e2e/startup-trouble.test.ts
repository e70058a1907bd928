import { chmodSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { failInstall, freePort, freshFolder, startInstall } from "./install.ts";

/** What a person sees: one line that names the culprit, no stack, and a failure. */
async function expectOneLine(env: Record<string, string>, ...words: string[]) {
  const { code, output } = await failInstall(env);
  const lines = output.trim().split("\n");
  expect(lines).toHaveLength(1);
  for (const word of words) expect(lines[0]).toContain(word);
  expect(output).not.toMatch(/^\s+at /m);
  expect(code).toBe(1);
}

test("a port in use is named with what to do", async () => {
  const other = createServer();
  await new Promise<void>((done) => other.listen(0, "127.0.0.1", done));
  const { port } = other.address() as AddressInfo;
  await expectOneLine({ STATE_DIR: freshFolder(), PORT: String(port) }, String(port), "in use", "PORT");
  other.close();
});

test.each(["abc", "0", "65536", "-1", "80 80", "8787.5"])("PORT=%s is refused", async (port) => {
  await expectOneLine({ STATE_DIR: freshFolder(), PORT: port }, "PORT", port);
});

test("a state folder that cannot be one is named", async () => {
  const folder = freshFolder();
  writeFileSync(join(folder, "file"), "");
  await expectOneLine({ STATE_DIR: join(folder, "file", "state") }, "STATE_DIR", folder);
  await expectOneLine({ STATE_DIR: join(folder, "file") }, "STATE_DIR", folder);
});

test.skipIf(process.getuid?.() === 0)(
  "a folder without the right to write is named (root may write anywhere)",
  async () => {
    const folder = freshFolder();
    chmodSync(folder, 0o500);
    await expectOneLine({ STATE_DIR: join(folder, "state") }, "STATE_DIR", folder);
  },
);

test("a HOST that is not of this machine is named", async () => {
  await expectOneLine(
    { STATE_DIR: freshFolder(), PORT: String(await freePort()), HOST: "203.0.113.7" },
    "HOST",
    "203.0.113.7",
  );
});

test("a second instance on the same state is refused, and not after the first was killed", async () => {
  const first = await startInstall();
  const port = String(await freePort());
  await expectOneLine({ STATE_DIR: first.stateDir, PORT: port }, first.stateDir, "Another nanoflare");
  await first.kill();
  const second = await startInstall({ stateDir: first.stateDir });
  await second.kill();
});
