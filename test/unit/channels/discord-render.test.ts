import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { discord } from "../../../channels/discord/index.ts";
import { letters } from "./markup.ts";

const shown = (markdown: string) => {
  const parts = discord.render(markdown);
  expect(parts).toHaveLength(1);
  return parts[0]!.body;
};

describe("Discord's rendering", () => {
  it.each([
    ["**bold** and *slanted* and ~~gone~~", "**bold** and *slanted* and ~~gone~~"],
    ["# Title\n\ntext", "**Title**\n\ntext"],
    ["- one\n- two\n  - three", "• one\n• two\n  • three"],
    ["> said\n> so\n\nno", "> said\n> so\n\nno"],
    ["[here](https://x.test/a_b)", "[here](<https://x.test/a_b>)"],
    ["https://x.test/a_b*c", "<https://x.test/a_b*c>"],
    ["[call](tel:123)", "call (tel:123)"],
    ["`a*b`", "`a*b`"],
    ["`` a`b ``", "`` a`b ``"],
    ["```js\nlet a_b = 1;\n```", "```js\nlet a_b = 1;\n```"],
    ["<b>bold</b> <u>under</u>", "**bold** __under__"],
  ])("shows %j as %j", (markdown, body) => {
    expect(shown(markdown)).toBe(body);
  });

  it.each([
    ["a \\* b_c_d | e", "a \\* b\\_c\\_d \\| e"],
    ["\\# no title", "\\# no title"],
    ["\\> no quote", "\\> no quote"],
    ["see <@123> and <@&4> and <#5> and <t:6>", "see \\<@123> and \\<@&4> and \\<#5> and \\<t:6>"],
    ["\\[a](b)", "\\[a\\](b)"],
  ])("lets the text %j stay text", (markdown, body) => {
    expect(shown(markdown)).toBe(body);
  });

  it("lets no code leave its block", () => {
    const body = shown("````\na\n```\n@everyone **b**\n````");
    expect(body.match(/```/g)).toHaveLength(2);
  });

  it("closes a block at the end of a part and opens it again", () => {
    const lines = Array.from({ length: 400 }, (_, index) => `const line${index} = ${index};`);
    const parts = discord.render(`\`\`\`ts\n${lines.join("\n")}\n\`\`\``);
    expect(parts.length).toBeGreaterThan(2);
    for (const { body } of parts) {
      expect(body.length).toBeLessThanOrEqual(2000);
      expect(body).toMatch(/^```ts\n[^`]*\n```$/);
    }
    expect(
      parts
        .map(({ plain }) => plain)
        .join("\n")
        .split("\n"),
    ).toEqual(lines);
  });

  it("lends a link no way out of its brackets", () => {
    const body = shown("[x](<https://x.test/a b)c>)");
    expect(body).toBe("[x](<https://x.test/a%20b%29c>)");
  });

  it("loses no letter of any text and keeps within the limit", () => {
    const words = fc.array(
      fc.constantFrom(
        "word",
        "**b**",
        "_i_",
        "`c`",
        "> q",
        "- l",
        "\n",
        "\n\n",
        "```",
        "*",
        "_",
        "||",
        "<@1>",
        "日本",
      ),
      { maxLength: 120 },
    );
    fc.assert(
      fc.property(words, (pieces) => {
        const text = pieces.join(" ");
        const parts = discord.render(text);
        for (const { body } of parts) expect(body.length).toBeLessThanOrEqual(2000);
        const plain = parts.map((part) => part.plain).join("");
        // A block names its language, which is no part of the text.
        const body = parts.map((part) => part.body.replace(/```\S+$/gm, "```")).join("");
        expect(letters(body)).toBe(letters(plain));
      }),
      { numRuns: 60 },
    );
  });
});
