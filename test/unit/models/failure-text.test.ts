import { expect, test } from "vitest";
import { failureText } from "../../../agent/failure-text.ts";
import { modelPlace } from "../../../agent/models/access.ts";
import { chooseModels } from "../../../agent/models/choose.ts";

/** What the chat reads when this install's model fails so. */
function told(vars: Record<string, string>, failure: Parameters<typeof failureText>[0]): string {
  return failureText(failure, modelPlace(vars, chooseModels(vars)));
}

const FAILURES = {
  notFound: { kind: "bad-request", message: "404 not found" },
  refused: { kind: "unavailable", message: "no connection to the model" },
  key: { kind: "auth", message: "401" },
} as const;

test.each([
  [{ API_BASE: "http://box.local:11434/v1", MODEL: "llama3.2" }, "API_BASE", "box.local:11434"],
  [{ VLLM_API_BASE: "http://10.0.0.2:8000/v1", MODEL: "hosted_vllm/qwen" }, "VLLM_API_BASE", "10.0.0.2:8000"],
  [{ OPENAI_API_KEY: "sk-x", OPENAI_API_BASE: "https://proxy.test/v1" }, "OPENAI_API_BASE", "proxy.test"],
])("an address of one's own is named when it fails: %j", (vars, variable, host) => {
  for (const failure of Object.values(FAILURES)) {
    expect(told(vars, failure)).toContain(variable);
    expect(told(vars, failure)).toContain(host);
  }
  expect(told(vars, FAILURES.refused)).not.toContain("again later");
});

test("a provider's own address is not the owner's to mend", () => {
  for (const failure of Object.values(FAILURES))
    expect(told({ OPENAI_API_KEY: "sk-x" }, failure)).not.toContain("_BASE");
  expect(told({ OPENAI_API_KEY: "sk-x" }, FAILURES.refused)).toContain("at api.openai.com (no connection");
});

test("nobody is blamed where one of several places failed", () => {
  const vars = { API_BASE: "http://box.local/v1", MODEL_FALLBACKS: "openai/gpt-4o", OPENAI_API_KEY: "sk-x" };
  expect(told(vars, FAILURES.refused)).not.toContain("box.local");
});
