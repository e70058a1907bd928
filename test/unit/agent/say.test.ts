import fc from "fast-check";
import { expect, test } from "vitest";
import { isSilent, StreamGate, visible } from "../../../agent/say.ts";

const pieces = [
  "<internal>",
  "</internal>",
  "<INTERNAL >",
  "< / internal >",
  "<internal",
  "</internal",
  "<intern",
  "al>",
  "nal",
  "<",
  ">",
  "/",
  "\u200b",
  "<\u2060internal>",
  "<int\u00adernal>",
  "NO REPLY",
  "ＮＯ",
  "＿reply",
  "<internal-link>",
  "<internals>",
  "NO_REPLY",
  "no_",
  "reply",
  "HEARTBEAT_OK",
  "heart",
  "secret",
  "Hello",
  " ",
  "\n",
  "**",
  "`",
  "👋🏽",
  "\ud83d",
];
const answer = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: "binary", maxLength: 3 })), {
  maxLength: 14,
});

test("nothing is shown while an answer streams that the whole answer does not begin with", () => {
  fc.assert(
    fc.property(
      answer.map((parts) => parts.join("")),
      (text) => {
        const gate = new StreamGate();
        const whole = isSilent(text) ? "" : visible(text);
        for (const unit of text.split("")) {
          gate.push(unit);
          expect(whole.startsWith(gate.visible())).toBe(true);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test("an ordinary answer is shown as it comes", () => {
  const gate = new StreamGate();
  for (const word of ["Hel", "lo Ann", ", 2 < 3"]) gate.push(word);
  expect(gate.visible()).toBe("Hello Ann, 2 < 3");
});

test("a tag that is cut anywhere is not shown, nor is what it hides", () => {
  const text = "Yes. <internal>she must not know</internal> Done.";
  for (let cut = 0; cut <= text.length; cut++) {
    const gate = new StreamGate();
    gate.push(text.slice(0, cut));
    expect(gate.visible()).not.toMatch(/<|know/);
  }
});

test("internal notes are never sent, however they are written", () => {
  const hidden = [
    "A<internal>x</internal>B",
    "A<INTERNAL>\nx\n</Internal>B",
    'A<internal kind="note">x</internal >B',
    "A<internal>x<internal>x</internal>x</internal>B",
    "A</internal>B",
    "A<\u200binternal>x</\u200binternal>B",
    "A<inter\u00adnal>x</in\u2060ternal>B",
    "A<\u2028internal\ufeff>x<\u202e/internal>B",
  ];
  expect(hidden.map(visible)).toEqual(hidden.map(() => "AB"));
  for (const open of [
    "A <internal>x",
    "A <internal x",
    "A <internal>x\n```\nx\n```",
    "A <int<internal>x</internal>ernal>x</internal>x",
  ])
    expect(visible(open)).toBe("A");
});

test("what only looks like the tag stays", () => {
  for (const text of ["a <internals> b", "a <internal-link> b", "internal use", "1 < 2 > 0"])
    expect(visible(text)).toBe(text);
});

test("an answer is silent when NO_REPLY is all of it", () => {
  for (const text of [
    "NO_REPLY",
    "no_reply",
    " **NO_REPLY**. ",
    "`No_Reply`",
    "NO\\_REPLY",
    "NO-REPLY",
    "NO_REPLY\nNO_REPLY",
    "",
    " \n\u200b",
    "<internal>x</internal>",
    "<internal>why</internal>\nNO_REPLY",
    "NO_REPLY <internal>because",
    "NO REPLY",
    "**NO REPLY.**",
    "ＮＯ＿ＲＥＰＬＹ",
    "NO\u200b_\u2060REPLY",
    "“NO_REPLY”",
  ]) {
    expect([text, isSilent(text)]).toEqual([text, true]);
  }
});

test("an answer that says something is not silent", () => {
  for (const text of [
    "No reply came.",
    "No reply",
    "No reply.",
    "NO REPLY came",
    "I answer NO_REPLY when…",
    "NO_REPLY, but hello",
    "👍",
    "?",
    "NO_REPLYS",
    "No.",
  ]) {
    expect([text, isSilent(text)]).toEqual([text, false]);
  }
});
