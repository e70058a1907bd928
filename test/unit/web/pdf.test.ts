import { readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pdfText } from "../../../agent/pdf/text.ts";

const latin = (text: string) => Uint8Array.from(text, (sign) => sign.charCodeAt(0));
const chars = (bytes: Uint8Array) => String.fromCharCode(...bytes);

/** A PDF of these objects by number; object 1 is the catalog. */
function pdf(objects: Record<number, string>, trailer = "/Root 1 0 R"): Uint8Array {
  const body = Object.entries(objects).map(([number, value]) => `${number} 0 obj\n${value}\nendobj\n`);
  return latin(`%PDF-1.7\n${body.join("")}trailer\n<< ${trailer} >>\n%%EOF`);
}

const stream = (content: string, dict = "") =>
  `<< /Length ${content.length} ${dict} >>\nstream\n${content}\nendstream`;
const zipped = (content: string, dict = "") =>
  stream(chars(deflateSync(Buffer.from(content, "latin1"))), `/Filter /FlateDecode ${dict}`);

/** One page with this content and these fonts. */
function page(
  content: string,
  font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
  more = {},
) {
  return pdf({
    1: "<< /Type /Catalog /Pages 2 0 R >>",
    2: "<< /Type /Pages /Kids [3 0 R] /Count 1 /Resources << /Font << /F1 5 0 R >> /XObject << /X1 9 0 R >> >> >>",
    3: "<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>",
    4: stream(content),
    5: font,
    ...more,
  });
}

async function read(bytes: Uint8Array): Promise<string> {
  const reading = await pdfText(bytes);
  return "problem" in reading ? `problem: ${reading.problem}` : reading.text;
}

test("a page that a browser printed is read", async () => {
  const text = await read(readFileSync(new URL("files/printed-page.pdf", import.meta.url)));
  for (const part of [
    "Fährplan",
    "täglich um 8:15 und 17:40 Uhr — außer „Montag“",
    "efficient fine",
    "Süd 12 €",
  ])
    expect(text).toContain(part);
  expect(text).toMatch(/Ort Preis\nSüd/);
});

describe("lines and words", () => {
  test.each([
    ["one string", "BT /F1 12 Tf 72 700 Td (Hello, world) Tj ET", "Hello, world"],
    ["two lines", "BT /F1 12 Tf 72 700 Td (One) Tj 0 -14 Td (Two) Tj ET", "One\nTwo"],
    ["by leading", "BT /F1 12 Tf 14 TL 72 700 Td (One) Tj T* (Two) Tj (Three) ' ET", "One\nTwo\nThree"],
    ["a paragraph", "BT /F1 12 Tf 72 700 Td (One) Tj 0 -40 Td (Two) Tj ET", "One\n\nTwo"],
    ["kerning is no space", "BT /F1 12 Tf 72 700 Td [(Wa) 60 (ter) -20 (fall)] TJ ET", "Waterfall"],
    ["a gap is a space", "BT /F1 12 Tf 72 700 Td [(Water) -300 (fall)] TJ ET", "Water fall"],
    ["columns", "BT /F1 12 Tf 72 700 Td (Left) Tj 200 0 Td (Right) Tj ET", "Left Right"],
    [
      "a scaled page",
      "q .1 0 0 .1 0 0 cm BT /F1 120 Tf 720 7000 Td (One) Tj 0 -140 Td (Two) Tj ET Q",
      "One\nTwo",
    ],
    ["a matrix", "BT /F1 1 Tf 12 0 0 12 72 700 Tm (One) Tj 0 -1.2 TD (Two) Tj ET", "One\nTwo"],
    ["escapes", "BT /F1 12 Tf (a\\(b\\)c (d) \\101\\\\ \\\ne) Tj ET", "a(b)c (d) A\\ e"],
    ["hexadecimal", "BT /F1 12 Tf <48 65 6C6c 6F> Tj ET", "Hello"],
    [
      "a picture between",
      "BT /F1 9 Tf (One) Tj ET BI /W 1 /H 1 ID \x01EI(no) Tj EI BT 0 -50 Td (Two) Tj ET",
      "One\n\nTwo",
    ],
    ["letters of Windows", "BT /F1 12 Tf (\x80 \x93x\x94 \xe9) Tj ET", "€ “x” é"],
  ])("%s", async (_, content, text) => expect(await read(page(content))).toBe(text));
});

describe("what letters mean", () => {
  const map = `/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange
    2 beginbfchar <0003> <65E5> <0004> <00660069> endbfchar
    2 beginbfrange <0010> <0012> <0041> <0020> <0021> [<672C> <D83DDE00>] endbfrange endcmap`;
  const font =
    "<< /Subtype /Type0 /Encoding /Identity-H /ToUnicode 6 0 R /DescendantFonts [<< /DW 1000 >>] >>";

  test("is told by the font's map, for codes of two bytes", async () => {
    const content = "BT /F1 12 Tf <000300200010001100120021> Tj <0004> Tj ET";
    expect(await read(page(content, font, { 6: zipped(map) }))).toBe("日本ABC😀fi");
  });

  test("is told by the names of glyphs", async () => {
    const named =
      "<< /Subtype /Type1 /Encoding << /Differences [65 /eacute /uni4E2D /f_i /Euro 97 /ccaron /g23 /quoteright /a.sc] >> >>";
    expect(await read(page("BT /F1 12 Tf (ABCDabcdZ) Tj ET", named))).toBe("é中fi€č’aZ");
  });

  test("that nobody can know is said", async () => {
    const mute = "<< /Subtype /Type0 /Encoding /Identity-H /DescendantFonts [<< >>] >>";
    expect(await read(page("BT /F1 12 Tf <00030004> Tj ET", mute))).toMatch(/^problem: .*no text/);
  });
});

describe("files", () => {
  const hello = "BT /F1 12 Tf 72 700 Td (Hello) Tj ET";

  test("objects in packed streams with a predictor are found", async () => {
    const inner = {
      1: "<< /Type /Catalog /Pages 2 0 R >>",
      2: "<< /Kids [3 0 R] >>",
      3: "<< /Contents 4 0 R /Resources << /Font << /F1 << /Subtype /Type1 >> >> >> >>",
    };
    const values = Object.values(inner);
    const offsets = values.map((_, index) => values.slice(0, index).join(" ").length + (index ? 1 : 0));
    const head = Object.keys(inner)
      .map((number, index) => `${number} ${offsets[index]}`)
      .join(" ");
    const text = `${head} ${values.join(" ")}`;
    const width = 10;
    const rows = text.padEnd(Math.ceil(text.length / width) * width).match(/[\s\S]{10}/g)!;
    const predicted = rows.map((row, at) => {
      const above = at ? rows[at - 1]! : "\0".repeat(width);
      return `\x02${[...row].map((sign, column) => String.fromCharCode((sign.charCodeAt(0) - above.charCodeAt(column)) & 255)).join("")}`;
    });
    const dict = `/Type /ObjStm /N 3 /First ${head.length + 1} /DecodeParms << /Predictor 12 /Columns ${width} >>`;
    expect(await read(pdf({ 8: zipped(predicted.join(""), dict), 4: zipped(hello) }, ""))).toBe("Hello");
  });

  test.each([
    ["zipped", zipped(hello)],
    ["hexadecimal", stream(`${Buffer.from(hello).toString("hex")}>`, "/Filter /ASCIIHexDecode")],
    ["two filters", stream(`${Buffer.from(deflateSync(hello)).toString("hex")}>`, "/Filter [/AHx /Fl]")],
    ["a wrong length", stream(hello).replace(/Length \d+/, "Length 3")],
    ["a length elsewhere", stream(hello).replace(/Length \d+/, "Length 7 0 R")],
    ["cut off", stream(chars(deflateSync(`${hello} % the end`)).slice(0, -8), "/Filter /FlateDecode")],
  ])("a content stream that is %s is read", async (_, content) => {
    expect(await read(page("", undefined, { 4: content, 7: String(hello.length) }))).toBe("Hello");
  });

  test("ASCII 85 and LZW, as their standards show them", async () => {
    const { decodeStream } = await import("../../../agent/pdf/filters.ts");
    const filtered = async (name: string, bytes: Uint8Array) =>
      decodeStream(bytes, new Map([["Filter", { name }]]), (value) => value);
    const lzw = Uint8Array.of(0x80, 0x0b, 0x60, 0x50, 0x22, 0x0c, 0x0c, 0x85, 0x01);
    expect([...(await filtered("LZWDecode", lzw))!]).toEqual([45, 45, 45, 45, 45, 65, 45, 45, 45, 66]);
    expect(chars((await filtered("ASCII85Decode", latin('87cURD]i,"Ebo7~>')))!)).toBe("Hello World");
  });

  test("a changed file shows its later page", async () => {
    const first = page(hello);
    const change = latin(`\n4 0 obj\n${stream("BT /F1 12 Tf (Changed) Tj ET")}\nendobj\n%%EOF`);
    expect(await read(Uint8Array.of(...first, ...change))).toBe("Changed");
  });

  test("forms within the page are read where they stand", async () => {
    const form = stream("BT /F1 12 Tf 72 600 Td (Form) Tj ET", "/Subtype /Form");
    expect(await read(page(`${hello} /X1 Do BT 72 560 Td (After) Tj ET`, undefined, { 9: form }))).toBe(
      "Hello\n\nForm\n\nAfter",
    );
  });

  test("pages are counted", async () => {
    const two = page("", undefined, {
      2: "<< /Kids [3 0 R 10 0 R] /Resources << /Font << /F1 5 0 R >> >> >>",
      4: stream(hello),
      10: "<< /Contents [4 0 R 4 0 R] >>",
    });
    expect(await read(two)).toBe("[page 1]\nHello\n\n[page 2]\nHello Hello");
  });

  test("a locked one, one of pictures and one that is none are told", async () => {
    expect(await read(pdf({ 1: "<< /Type /Catalog >>" }, "/Root 1 0 R /Encrypt 9 0 R"))).toMatch(/locked/);
    expect(await read(page("q 1 0 0 1 0 0 cm Q"))).toMatch(/no text/);
    expect(await read(latin("%PDF-1.4 nothing"))).toMatch(/broken/);
  });
});

describe("no file, however it is made, does harm", () => {
  test("pages that are their own parents, forms that hold themselves", async () => {
    const ring = page("/X1 Do", undefined, {
      9: stream("/X1 Do (x) Tj", "/Subtype /Form"),
      2: "<< /Kids [2 0 R 3 0 R 2 0 R] >>",
    });
    expect(await read(ring)).toMatch(/^problem/);
    expect(await read(page("[".repeat(100_000)))).toMatch(/^problem/);
    expect(await read(page("<<".repeat(100_000)))).toMatch(/^problem/);
  });

  test("any damage ends in text or in a sentence", async () => {
    const whole = page("BT /F1 12 Tf 72 700 Td [(Hel) -20 (lo)] TJ ET");
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), async (at, byte, end) => {
        const damaged = whole.slice(0, Math.max(end, 20));
        damaged[at] = byte;
        expect(typeof (await read(damaged))).toBe("string");
      }),
      { numRuns: 300 },
    );
  });

  test("a small file that unfolds to much is cut", async () => {
    const bomb = zipped(`%${"x".repeat(20 * 1024 * 1024)}`);
    expect(await read(page("", undefined, { 4: bomb }))).toMatch(/^problem/);
  });

  const much = (part: string) => zipped(part.repeat(7_000_000 / part.length));
  const again = (count: number, ref: string) => ref.repeat(count);
  test.each([
    ["blanks, many times", { 3: `<< /Contents [${again(15, "4 0 R ")}] >>`, 4: much(" ") }],
    [
      "values without an operator",
      { 2: `<< /Kids [${again(2, "<< /Contents 4 0 R >> ")}] >>`, 4: much("/a") },
    ],
    ["a list of dictionaries", { 3: "<< /Contents 4 0 R >>", 4: zipped(`[${"<<>>".repeat(1_000_000)}`) }],
    [
      "operators, page after page",
      { 2: `<< /Kids [${again(5, "<< /Contents 4 0 R >> ")}] >>`, 4: much("q Q ") },
    ],
    [
      "a map of ranges",
      { 5: "<< /ToUnicode 6 0 R >>", 4: stream("/F1 1 Tf"), 6: much("<0000><ffff><0041> endbfrange ") },
    ],
    ["objects", { 2: "<< >>", 7: again(600_000, "8 0 obj ") }],
  ])("one that holds %s costs no more than one may", async (_, more) => {
    expect(await read(page("", undefined, more))).toMatch(/unfolds to more/);
  });

  test("others have their turn while one is read", async () => {
    let turns = 0;
    const other = setInterval(() => turns++, 1);
    await read(page("", undefined, { 4: zipped("q Q ".repeat(300_000)) }));
    clearInterval(other);
    expect(turns).toBeGreaterThan(5);
  });

  test("what was read before the budget's end is told as a part", async () => {
    const two = page("", undefined, {
      2: "<< /Kids [3 0 R 10 0 R] /Resources << /Font << /F1 5 0 R >> >> >>",
      4: stream("BT /F1 12 Tf 72 700 Td (Hello) Tj ET"),
      10: `<< /Contents [${again(15, "11 0 R ")}] >>`,
      11: much(" "),
    });
    expect(await pdfText(two)).toEqual({ text: "[page 1]\nHello", cut: true });
  });

  test("reading ends when the turn is stopped", async () => {
    const stop = new AbortController();
    const reading = pdfText(page("", undefined, { 4: much("q Q ") }), stop.signal);
    stop.abort(new Error("stopped"));
    await expect(reading).rejects.toThrow("stopped");
  });
});
