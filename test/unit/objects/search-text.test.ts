import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { expect, test } from "vitest";
import { indexed, matchExpression, scorer } from "../../../durable-objects/messages/search-text.ts";

/** The full-text index of these texts, made as the migration makes it. */
function indexOf(texts: string[]) {
  const db = new DatabaseSync(":memory:");
  db.exec(
    "create virtual table search using fts5(body, content='', tokenize='unicode61 remove_diacritics 2')",
  );
  const insert = db.prepare("insert into search(rowid, body) values (?, ?)");
  for (const [index, text] of texts.entries()) insert.run(index, indexed(text));
  return (query: string): number[] => {
    const match = matchExpression(query);
    if (!match) return [];
    const rows = db.prepare("select rowid from search where search match ? order by rank").all(match);
    return rows.map((row) => Number(row.rowid));
  };
}

const PAIRS: [query: string, text: string][] = [
  ["cafe", "We met at the Café."],
  ["CRÈME BRÛLÉE", "creme brulee for two"],
  ["Straße", "in der STRASSE 5"],
  ["naïve", "nai\u0308ve plan"],
  ["ЕЛКА", "ёлка стоит"],
  ["Αθηνα", "πάμε Αθήνα"],
  ["محمد", "قال مُحَمَّد نعم"],
  ["الرحمن", "الرَّحْمٰن"],
  ["سلام", "ســلام"],
  ["احمد", "أحمد هنا"],
  ["שלום", "שָׁלוֹם לכולם"],
  ["हिन्दी", "मैं हिन्दी बोलता हूँ"],
  ["北京", "明天我们去北京开会"],
  ["京", "我爱北京"],
  ["我们什么时候去北京？", "北京的会议在明天"],
  ["東京タワー", "きのう東京タワーに行った"],
  ["ﾄｳｷｮｳ", "トウキョウ"],
  ["한국", "한국어를 배워요"],
  ["ไทย", "ภาษาไทยยาก"],
  ["🎉", "party 🎉🎉"],
  ["👍", "ok 👍🏽"],
  ["👩‍💻", "she is a 👩‍💻"],
  ["🇩🇪", "from 🇩🇪 with love"],
  ["❤", "I ❤️ it"],
  ["ｆｌａｒｅ", "flare is on"],
  ["what's up? \"O'Brien\" (*) NEAR/3 -x:y", "O'Brien's boat"],
  ["C++", "I like C"],
  ["v1.2.3", "release v1.2.3 is out"],
];

test("words are found in any script, case, width and composition, with or without accents and points", () => {
  const find = indexOf(PAIRS.map(([, text]) => text));
  const missed = PAIRS.filter(([query], index) => !find(query).includes(index)).map(([query]) => query);
  expect(missed).toEqual([]);
  const unscored = PAIRS.filter(([query, text]) => scorer(query)(text) === 0).map(([query]) => query);
  expect(unscored.filter((query) => query !== "京")).toEqual([]);
});

test("what does not hold the words is not found", () => {
  const find = indexOf(["the heron is grey", "上海", "👎", "سلام"]);
  for (const query of ["egret", "北京", "👍", "محمد", "?!", "", " ", "\"'()*"])
    expect([query, find(query)]).toEqual([query, []]);
});

test("the text that fits best comes first", () => {
  const find = indexOf(["我们去吃饭", "我们明天去北京开会", "北京"]);
  expect(find("我们去北京开会")[0]).toBe(1);
});

test("no query is a syntax error, and a text is found by every word of its own", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.string({ unit: "grapheme", maxLength: 30 }),
      (query, text) => {
        const find = indexOf([text, query]);
        find(query);
        if (matchExpression(text)) expect(find(text)).toContain(0);
      },
    ),
    { numRuns: 300 },
  );
});
