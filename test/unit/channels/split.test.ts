import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Mark, PLAIN, type Span, write } from "../../../channels/spans.ts";
import { split } from "../../../channels/split.ts";
import { telegram } from "../../../channels/telegram/index.ts";
import { letters, visibleText } from "./markup.ts";

const LIMIT = 4096;
const encode = (spans: Span[]) => ({ body: write(spans, PLAIN), plain: write(spans, PLAIN) });
const cut = (text: string, limit: number, marks: Mark[] = []) =>
  split([{ text, marks }], { limit, parts: 1000, encode }).map((part) => part.plain);

const words = fc
  .array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }), { maxLength: 120 })
  .map((list) => list.join(" "));
const emoji = fc.constantFrom("👨‍👩‍👧‍👦", "🇩🇪", "é", "नमस्ते", "日本語", "🏳️‍🌈").map((one) => one.repeat(300));
const block = fc.oneof(
  words,
  emoji,
  words.map((text) => `**${text}** and *${text}* ~~x~~`),
  words.map((text) => `# ${text.replaceAll("\n", " ")}`),
  words.map((text) => `> ${text}\n> > ${text}`),
  words.map((text) => `- ${text}\n  - ${text}\n- [x] ${text}`),
  fc
    .tuple(fc.constantFrom("", "ts", "c++", 'a"b'), words)
    .map(([lang, text]) => `\`\`\`${lang}\n${`${text}\n`.repeat(9)}\`\`\``),
  words.map((text) => `| a | b |\n|---|---|\n| ${text.replaceAll("|", "")} | 1 |`),
  words.map((text) => `[${text}](https://example.com/?a=1&b=2) <b>${text}</b> & <script>alert(1)</script>`),
  fc
    .tuple(fc.constantFrom("> ", "- ", "1. ", "*", "_", "["), fc.integer({ max: 59 }), words)
    .map(([mark, n, text]) => mark.repeat(Math.abs(n % 60)) + text),
  fc.string({ unit: "binary", maxLength: 300 }),
);
const markdown = fc.array(block, { maxLength: 14 }).map((blocks) => blocks.join("\n\n"));

describe("Telegram's rendering of arbitrary markdown", () => {
  it("keeps every part within the limit, balanced, escaped and well-formed", () => {
    fc.assert(
      fc.property(markdown, (text) => {
        for (const { body, plain } of telegram.render(text)) {
          expect(Math.max(body.length, plain.length)).toBeLessThanOrEqual(LIMIT);
          expect(body.isWellFormed() && plain.isWellFormed()).toBe(true);
          expect(visibleText(body).trim()).not.toBe("");
        }
      }),
      { numRuns: 150 },
    );
  });

  it("loses no word of a long text", () => {
    const word = fc.string({ unit: fc.constantFrom(..."abcxyzäßñ中文😀"), minLength: 1, maxLength: 30 });
    const paragraphs = fc.array(fc.array(word, { minLength: 1, maxLength: 200 }), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(paragraphs, fc.constantFrom("", "> ", "- ", "### "), (texts, prefix) => {
        const source = texts.map((list) => prefix + list.join(" ")).join("\n\n");
        const parts = telegram.render(source);
        expect(parts.map((part) => letters(visibleText(part.body))).join("")).toBe(letters(source));
        expect(parts.map((part) => letters(part.plain)).join("")).toBe(letters(source));
      }),
      { numRuns: 100 },
    );
  });

  it("closes a code block at a cut and opens it again in the same language", () => {
    const code = Array.from({ length: 900 }, (_, i) => `  const x${i} = a < b && "c";`).join("\n");
    const parts = telegram.render(`Look:\n\n\`\`\`ts\n${code}\n\`\`\`\n\nDone.`);
    expect(parts.length).toBeGreaterThan(2);
    for (const { body } of parts.slice(1, -1)) {
      expect(body.startsWith('<pre><code class="language-ts">  const')).toBe(true);
      expect(body.endsWith(";</code></pre>")).toBe(true);
    }
    const whole = parts.map((part) => visibleText(part.body)).join("\n");
    expect(whole.replace(/^Look:\n+/, "").replace(/\n+Done\.$/, "")).toBe(code);
  });
});

describe("Telegram's rendering of hostile markdown", () => {
  const nested = Array.from({ length: 59 }, (_, depth) => `${"  ".repeat(depth)}- item ${depth}`).join("\n");
  it.each([
    ["deep lists", nested],
    ["deep quotes", `${">".repeat(20_000)} x`],
    ["stars", "*a".repeat(50_000)],
    ["brackets", "[a](".repeat(20_000)],
    ["tags", `${"<b>".repeat(20_000)}${"</b>".repeat(20_000)}`],
    ["a long address", `[text](https://example.com/${"&".repeat(5000)})`],
    ["a wide table", `${"|a".repeat(3000)}|\n${"|-".repeat(3000)}|\n${"|b".repeat(3000)}|`],
  ])("shows %s", (_, text) => {
    const parts = telegram.render(text);
    expect(parts.length).toBeGreaterThan(0);
    for (const { body } of parts) {
      expect(body.length).toBeLessThanOrEqual(LIMIT);
      expect(visibleText(body)).not.toBe("");
    }
  });
});

describe("split", () => {
  it("never cuts inside a grapheme that fits", () => {
    const graphemes = (text: string) => [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", maxLength: 300 }),
        fc.integer({ min: 40, max: 90 }),
        (text, limit) => {
          fc.pre(graphemes(text).every((one) => one.length <= limit));
          const keep = (list: string[]) => list.filter((one) => one.trim() !== "");
          expect(keep(cut(text.toWellFormed(), limit).flatMap(graphemes))).toEqual(
            keep(graphemes(text.toWellFormed())),
          );
        },
      ),
    );
  });

  it("cuts a grapheme that is longer than a part between code points", () => {
    const zalgo = `a${"\u0301".repeat(250)}${"\u{1D165}".repeat(200)}`;
    const parts = cut(zalgo, 101);
    expect(parts.join("")).toBe(zalgo);
    for (const part of parts) expect(part.isWellFormed() && part.length <= 101).toBe(true);
  });

  it("prefers paragraphs to lines, lines to words", () => {
    const [a, b, c] = ["a ".repeat(35).trim(), "b ".repeat(15).trim(), "c ".repeat(40).trim()];
    expect(cut(`${a}\n\n${b}\n${c}`, 120)).toEqual([a, `${b}\n${c}`]);
    expect(cut(`${a}\n${b}\n${c}`, 120)).toEqual([`${a}\n${b}`, c]);
    expect(cut("one two three", 8)).toEqual(["one two", "three"]);
  });

  it("uses the whole limit when the text is exactly as long", () => {
    expect(cut("x".repeat(50), 50)).toEqual(["x".repeat(50)]);
    expect(cut(`${"x".repeat(50)} y`, 50)).toEqual(["x".repeat(50), "y"]);
  });

  it("keeps indentation and spaces in code", () => {
    const lines = Array.from({ length: 40 }, (_, i) => `${" ".repeat(i % 7)}line ${i}`);
    expect(cut(lines.join("\n"), 100, [{ type: "pre" }]).join("\n")).toBe(lines.join("\n"));
  });
});
