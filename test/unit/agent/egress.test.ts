import fc from "fast-check";
import { expect, test } from "vitest";
import { readEgress, STANDARD_HOSTS, whyNoEgress } from "../../../agent/egress.ts";
import { readSettings } from "../../../agent/group-settings.ts";

const label = fc.stringMatching(/^[a-z][a-z0-9]{1,10}$/);
const host = fc.tuple(label, label, label).map((labels) => labels.join("."));

const set = (written: string) => {
  const read = readSettings({ egress: written });
  return read.ok ? (read.change.egress ?? undefined) : read.said;
};
const why = (name: string, written?: string) =>
  whyNoEgress(name, readEgress(written === undefined ? undefined : set(written)));

test("without a setting the package registries and code hosts may be reached, in any spelling, and nothing else", () => {
  for (const name of STANDARD_HOSTS) expect(why(`${name.toUpperCase()}.`)).toBeUndefined();
  fc.assert(
    fc.property(host, (name) => {
      expect(why(name)).toContain(name);
    }),
  );
  for (const name of STANDARD_HOSTS) expect(why(`${name}.evil.example`)).toBeDefined();
  for (const name of STANDARD_HOSTS) expect(why(`evil-${name}`)).toBeDefined();
});

test("a list has more hosts, with a star those below them too", () => {
  fc.assert(
    fc.property(host, label, (name, below) => {
      expect(why(name, `allowlist ${name}`)).toBeUndefined();
      expect(why(`${below}.${name}`, `allowlist ${name}`)).toBeDefined();
      expect(why(`${below}.${name}`, `Allowlist, *.${name}`)).toBeUndefined();
      expect(why(name, `allowlist *.${name}`)).toBeUndefined();
      expect(why(`${below}${name}`, `allowlist *.${name}`)).toBeDefined();
      expect(why("github.com", `allowlist ${name}`)).toBeUndefined();
    }),
  );
});

test("none reaches nothing, open every name, and a setting that nobody can read reaches nothing", () => {
  fc.assert(
    fc.property(host, (name) => {
      expect(why(name, "none")).toBeDefined();
      expect(why(name, "OPEN")).toBeUndefined();
      expect(whyNoEgress(name, readEgress("opne"))).toBeDefined();
    }),
  );
  expect(why("github.com", "none")).toBeDefined();
});

test("what is no public name is refused as a host", () => {
  for (const bad of [
    "localhost",
    "127.0.0.1",
    "*.com.",
    "a b/c",
    "http://x.example",
    "[::1]",
    "x.example:80",
    "*",
  ])
    expect(set(`allowlist ${bad}`)).toMatch(/no host/);
  expect(set("none example.com")).toMatch(/egress is/);
  expect(set("some")).toMatch(/egress is/);
});

const variables = (written: string | string[]) => {
  const read = readSettings({ env: written });
  return read.ok ? read.change.env : read.said;
};

test("variables of commands are harmless ones", () => {
  expect(variables("TZ=Asia/Tokyo, EDITOR=vi")).toEqual(["TZ=Asia/Tokyo", "EDITOR=vi"]);
  expect(variables(["A=1", "A=2"])).toEqual(["A=2"]);
  expect(variables("")).toBeNull();
  expect(variables(["GREETING=good morning, all"])).toEqual(["GREETING=good morning, all"]);
  for (const name of [
    "PATH",
    "LD_PRELOAD",
    "BASH_ENV",
    "NODE_OPTIONS",
    "PYTHONSTARTUP",
    "https_proxy",
    "GIT_SSH_COMMAND",
  ])
    expect(variables(`${name}=x`)).toMatch(/steers/);
  for (const name of ["OPENAI_API_KEY", "token", "DB_PASSWORD"])
    expect(variables(`${name}=x`)).toMatch(/secret/);
  for (const bad of ["=x", "A B=x", "9A=x", "A"]) expect(variables(bad)).toMatch(/no variable/);
  expect(variables(["A=x\ny"])).toMatch(/one line/);
});
