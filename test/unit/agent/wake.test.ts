import fc from "fast-check";
import { expect, test } from "vitest";
import { allowed, type Gate, triggerOf, type Waking, wakes, withoutTrigger } from "../../../agent/wake.ts";

const message = (text: string, more: Partial<Waking> = {}): Waking => ({
  sender: { id: "1001", isBot: false },
  text,
  mentioned: false,
  ...more,
});
const gate = (more: Partial<Gate> = {}): Gate => ({
  channel: "telegram",
  main: false,
  type: "group",
  name: "Flare",
  requiresTrigger: true,
  ...more,
});
const woken = (text: string, name = "Flare") => wakes(message(text), gate({ name })).wakes;

test("the trigger wakes at the start, in any case, before the end, space or punctuation", () => {
  const texts = [
    "@Flare",
    "@flare hi",
    "  @FLARE, hi",
    "@Flare: hi",
    "@Flare!",
    "@Flare？你好",
    "@Flare\nhi",
    "\u200e@Flare hi",
    "＠Ｆｌａｒｅ hi",
    "@\u2068Flare\u2069 hi",
    "@Flare's",
    "@Flare…",
    "@Flare👋 hi",
  ];
  expect(texts.filter((text) => !woken(text))).toEqual([]);
});

test("the trigger does not wake in the middle, inside a longer name or without its sign", () => {
  const texts = [
    "hi @Flare",
    "@Flareup hi",
    "@Flare_bot hi",
    "@Flare2 hi",
    "@Flareé",
    "@Flare\u0301 hi",
    "Flare hi",
    "@Fla re",
    "",
    "> @Flare",
    "@@Flare",
  ];
  expect(texts.filter((text) => woken(text))).toEqual([]);
});

test("after a name in a script without spaces anything may follow", () => {
  for (const name of ["小火", "フレア", "ヒーロー", "ฟลาร์", "ແຟ", "ភ្លើង", "မီး", "Flare小"]) {
    expect([name, woken(`@${name}abc`, name), woken(`@${name}你好`, name)]).toEqual([name, true, true]);
  }
  expect(woken("@플레어야", "플레어")).toBe(false);
});

test("names with emoji, spaces, accents and punctuation are recognised in every spelling", () => {
  const names: [name: string, text: string][] = [
    ["Flare🔥", "@flare🔥 hi"],
    ["❤️", "@❤ hi"],
    ["❤", "@❤️, hi"],
    ["My Bot", "@my  bot hi"],
    ["José", "@JOSE\u0301 hi"],
    ["C++", "@c++: hi"],
    ["Dr. No", "@dr. no?"],
    ["Straße", "@STRASSE hi"],
    ["ΝΙΚΟΣ", "@νικος γεια"],
    ["ｆｌａｒｅ", "@Flare hi"],
  ];
  expect(names.filter(([name, text]) => !woken(text, name))).toEqual([]);
  expect(woken("@👩‍💻 hi", "👩")).toBe(false);
  expect(woken("@👍🏽 hi", "👍")).toBe(false);
});

/** Names in several scripts, with emoji, punctuation and inner spaces. */
const letters = fc.constantFrom(
  ...[
    "Flare",
    "小火",
    "火花",
    "フレア",
    "فلير",
    "مساعد",
    "שֶׁמֶשׁ",
    "Ζευς",
    "José",
    "Ünal",
    "हिन्दी",
    "봇",
    "Бот",
    "R2",
    "O'Neil",
    "C++",
  ],
);
const ornament = fc.constantFrom("", "🔥", "👩‍💻", "❤️", "!", "…", "·", "🇩🇪");
const names = fc
  .tuple(fc.array(letters, { minLength: 1, maxLength: 3 }), ornament)
  .map(([words, end]) => words.join(" ") + end);
/** Marks that keyboards and platforms put around a name. */
const marks = fc
  .array(
    fc.constantFrom("\u200e", "\u200f", "\u061c", "\u2068", "\u2069", "\u202b", "\u202c", "\u200b", "\ufeff"),
    { maxLength: 2 },
  )
  .map((parts) => parts.join(""));

test("any name wakes however it is typed: sign, width, case, composition, spaces and marks nobody sees", () => {
  const follows = fc.constantFrom("", " hi", "\nhi", ", hi", "，你好", "، مرحبا", "؟", "!", "。");
  const sign = fc.constantFrom("@", "＠", "﹫");
  const spell = fc.constantFrom<(name: string) => string>(
    (name) => name,
    (name) => name.normalize("NFD"),
    (name) => name.normalize("NFC"),
    (name) => name.toLowerCase(),
    (name) => name.toUpperCase(),
    (name) => name.replaceAll(" ", " \u00a0"),
  );
  fc.assert(
    fc.property(names, sign, spell, marks, marks, follows, (name, at, spelled, before, inside, rest) => {
      const text = `${before}${at}${inside}${spelled(name)}${inside}${rest}`;
      expect([text, woken(text, name)]).toEqual([text, true]);
      expect([text, woken(`well ${text}`, name)]).toEqual([text, false]);
    }),
    { numRuns: 1000 },
  );
});

test("a name never wakes for another name that begins like it", () => {
  const more = fc.constantFrom("x", "é", "ء", "ا", "\u0301", "ب", "1", "_", "\u200dx", "я");
  fc.assert(
    fc.property(fc.constantFrom("Flare", "فلير", "Бот", "José", "My Bot"), more, (name, end) => {
      expect([name, end, woken(`@${name}${end} hi`, name)]).toEqual([name, end, false]);
    }),
  );
});

test("a word behind the name never wakes, whatever the word", () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-z0-9]{1,12}$/),
      fc.stringMatching(/^[a-z0-9_]{1,8}$/),
      fc.string(),
      (name, more, rest) => {
        expect(woken(`@${name}${more}${rest}`, name)).toBe(false);
        expect(woken(`@${name.toUpperCase()} ${rest}`, name)).toBe(true);
      },
    ),
  );
});

test("a group's own trigger takes the place of the name", () => {
  expect(triggerOf({ name: "Flare", trigger: " hey you " })).toBe("hey you");
  expect(triggerOf({ name: "Flare", trigger: " " })).toBe("@Flare");
  expect(wakes(message("Hey you, come"), gate({ trigger: "hey you" })).wakes).toBe(true);
  expect(wakes(message("@Flare come"), gate({ trigger: "hey you" })).wakes).toBe(false);
});

test("a mention, a reply and a known command wake too", () => {
  expect(wakes(message("well, @x", { mentioned: true }), gate()).wakes).toBe(true);
  expect(wakes(message("yes", { replyTo: { fromUs: true } }), gate()).wakes).toBe(true);
  expect(wakes(message("yes", { replyTo: { fromUs: false } }), gate()).wakes).toBe(false);
  expect(wakes(message("/status", { command: { name: "status" } }), gate()).wakes).toBe(true);
  expect(wakes(message("/weather", { command: { name: "weather" } }), gate()).wakes).toBe(false);
});

test("every message of a person wakes in main, in a direct chat and where no trigger is required", () => {
  for (const open of [gate({ main: true }), gate({ type: "direct" }), gate({ requiresTrigger: false })]) {
    expect(wakes(message("hello"), open).wakes).toBe(true);
  }
});

test("bots, our own messages and people who are not allowed never wake, whatever they say and wherever", () => {
  const loud: Partial<Waking> = { mentioned: true, replyTo: { fromUs: true }, command: { name: "status" } };
  const unheard: [Waking, Partial<Gate>][] = [
    [message("@Flare", { ...loud, fromUs: true }), {}],
    [message("@Flare", { ...loud, sender: { id: "1", isBot: true } }), {}],
    [message("@Flare", { ...loud, sender: { id: "", isBot: false } }), {}],
    [message("@Flare", loud), { allowFrom: [] }],
    [message("@Flare", loud), { allowFrom: ["1002", "discord:1001"] }],
  ];
  for (const [said, more] of unheard) {
    for (const where of [{}, { main: true }, { type: "direct" as const }, { requiresTrigger: false }]) {
      expect(wakes(said, gate({ ...where, ...more })).wakes).toBe(false);
    }
  }
});

test("ALLOW_FROM names ids, on one channel or on all, and never the owner's own doors", () => {
  expect(allowed({ id: "1001" }, "telegram", undefined)).toBe(true);
  expect(allowed({ id: "1001" }, "telegram", ["telegram:1001"])).toBe(true);
  expect(allowed({ id: "1001" }, "discord", ["telegram:1001"])).toBe(false);
  expect(allowed({ id: "1001" }, "discord", ["1001"])).toBe(true);
  expect(allowed({ id: "100" }, "discord", ["1001"])).toBe(false);
  expect(allowed({ id: "telegram:1001" }, "matrix", ["telegram:1001"])).toBe(false);
  expect(allowed({ id: "owner" }, "web", [])).toBe(true);
  expect(allowed({ id: "" }, "telegram", undefined)).toBe(false);
});

test("the text without its trigger is what was asked", () => {
  expect(withoutTrigger(" @flare, remember this", "@Flare")).toBe("remember this");
  expect(withoutTrigger("@Flare - go", "@Flare")).toBe("go");
  expect(withoutTrigger("@Flare -5 + 3?", "@Flare")).toBe("-5 + 3?");
  expect(withoutTrigger("@小火你好", "@小火")).toBe("你好");
  expect(withoutTrigger("tell @Flare, now", "@Flare")).toBe("tell @Flare, now");
});
