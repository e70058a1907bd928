import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findTarget } from "../../../cli/client.ts";
import { forgetUrl, tellUrl } from "../../../cli/local/running.ts";
import { ADMIN_TOKEN_FILE, lockState } from "../../../cli/local/state.ts";

const RUNS_AT = "http://127.0.0.1:8791";

/** A state as a start leaves it; `lock` it to have the start run. */
function stateDir(): string {
  const folder = mkdtempSync(join(tmpdir(), "nanoflare-running-"));
  writeFileSync(join(folder, ADMIN_TOKEN_FILE), "kept-token\n");
  tellUrl(folder, RUNS_AT);
  return folder;
}

test("the install that runs is found wherever it listens", () => {
  const STATE_DIR = stateDir();
  using _lock = lockState(STATE_DIR);
  expect(findTarget({}, { STATE_DIR })).toMatchObject({ url: RUNS_AT, token: "kept-token" });
});

test("a second look while it runs does not keep the next start from it", () => {
  const STATE_DIR = stateDir();
  {
    using _lock = lockState(STATE_DIR);
    findTarget({}, { STATE_DIR });
  }
  expect(() => lockState(STATE_DIR)[Symbol.dispose]()).not.toThrow();
});

test("an install that does not run is named by its folder, since its port may be any", () => {
  const STATE_DIR = stateDir();
  const trouble = new RegExp(`^nanoflare does not run on ${STATE_DIR}: .*npm start.*STATE_DIR`);
  expect(() => findTarget({}, { STATE_DIR })).toThrow(trouble);
  expect(() => findTarget({}, { STATE_DIR: `${STATE_DIR}/none` })).toThrow(/never started.*STATE_DIR/);
});

test("what listens where a killed start was gets no token", () => {
  const STATE_DIR = stateDir();
  expect(() => findTarget({}, { STATE_DIR })).toThrow("npm start");
  expect(() => findTarget({ url: RUNS_AT }, { STATE_DIR })).toThrow("token");
});

test("a start that does not answer yet is not asked", () => {
  const STATE_DIR = stateDir();
  using _lock = lockState(STATE_DIR);
  forgetUrl(STATE_DIR);
  expect(() => findTarget({}, { STATE_DIR })).toThrow("npm start");
});

test("a port that the person names is meant, and the message says where it runs", () => {
  const STATE_DIR = stateDir();
  using _lock = lockState(STATE_DIR);
  expect(() => findTarget({}, { STATE_DIR, PORT: "9000" })).toThrow(/127\.0\.0\.1:9000.*127\.0\.0\.1:8791/);
});

test.each([RUNS_AT, `${RUNS_AT}/`, "http://localhost:8791"])(
  "%s needs no token while it runs here",
  (url) => {
    const STATE_DIR = stateDir();
    using _lock = lockState(STATE_DIR);
    expect(findTarget({ url }, { STATE_DIR }).token).toBe("kept-token");
  },
);

test("another address never gets the kept token", () => {
  const STATE_DIR = stateDir();
  using _lock = lockState(STATE_DIR);
  for (const url of ["http://127.0.0.1:8792", "https://nanoflare.test", "http://127.0.0.1:8791.evil.test"])
    expect(() => findTarget({ url }, { STATE_DIR })).toThrow(/token|not an address/);
});
