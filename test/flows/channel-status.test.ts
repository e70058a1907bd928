import { expect, test } from "vitest";
import { statusOf } from "./status-of.ts";

test("what the companion carries is told with the companion's word, asked for or not", async () => {
  const [told, probed] = [await statusOf("whatsapp"), await statusOf("whatsapp", true)];
  expect(told).not.toHaveProperty("probe");
  expect(probed.probe?.ok).toBe(told.state === "ready");
  expect(probed.probe?.said.join(" ")).toBe(told.problem);
});
