import { expect, inject, test } from "vitest";
import { answering } from "./answer.ts";
import { crashAt, pointsOf, run } from "./loop.ts";

test("a run without a crash", async () => {
  let t = Date.now();
  const points = await pointsOf(answering);
  const fails: string[] = [];
  for (const mode of ["lost","kept"]) {
    t = Date.now();
    const sub = points.filter(p=>p.mode===mode);
    let reached = 0;
    const w = [...sub];
    await Promise.all(Array.from({length: 12}, async () => { for (let p = w.shift(); p; p = w.shift()) { try { const c = await run(answering, p); if (c.hit) reached++; } catch (e) { fails.push(String(e.message).slice(0,600)); } } }));
    console.log(mode, "reached", reached, "of", sub.length, Date.now() - t, "ms", fails.length, "fails");
  }
  console.log(fails.join("\n---\n"));
  expect(fails.length).toBe(0);
});
