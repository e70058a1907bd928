import { describe, expect, test } from "vitest";
import { readAnswer } from "../../../agent/web/reading.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const HERE = "https://news.example/deep/page.html?x=1";

async function read(body: string | Uint8Array, type = "text/html; charset=utf-8", address = HERE) {
  const reading = await readAnswer(typeof body === "string" ? bytes(body) : body, type, address);
  return "problem" in reading ? reading.problem : reading.text;
}

const prose = (words: string) =>
  `<p>${`${words}, as everybody in the town could see, hear and tell. `.repeat(6)}</p>`;

describe("a page", () => {
  const page = `<!doctype html><html><head><title>The Harbour &amp; its Cat</title><style>p{color:red}</style></head><body>
    <header><nav><a href="/">Home</a><a href="/shop">Shop</a></nav></header>
    <article><h1>A cat</h1>${prose("The cat slept")}
    <p>See <a href="more_(1).html?a=1&amp;b=2#end">more</a>, <a href="//other.example/y">other</a> and
    <a href="javascript:steal()">this</a>. <img src="cat.png" alt="A grey cat"><img src="dot.gif"></p>
    <pre><code>let x = 1;
run(x)</code></pre><ul><li>one<li>two</ul>
    <table><tr><th>Place<th>Price</tr><tr><td>South</td><td>12</td></tr></table>${prose("The harbour was quiet")}</article>
    <footer>All rights</footer><script>steal("<p>no</p>")</script><!-- <p>hidden</p> --></body></html>`;

  test("is its article as markdown, with whole addresses", async () => {
    const reading = await readAnswer(bytes(page), "text/html", HERE);
    if ("problem" in reading) throw new Error(reading.problem);
    expect(reading.title).toBe("The Harbour & its Cat");
    const plain = reading.text.replaceAll("\\", "");
    for (const part of [
      "The cat slept, as everybody",
      "The harbour was quiet",
      "[more](https://news.example/deep/more_(1).html?a=1&b=2#end)",
      "[other](https://other.example/y)",
      "![A grey cat](https://news.example/deep/cat.png)",
      "```\nlet x = 1;\nrun(x)\n```",
      "| Place | Price |",
      "| South | 12 |",
    ])
      expect(plain).toContain(part);
    expect(plain).toMatch(/- +one\n- +two/);
    for (const absent of ["javascript:", "steal", "hidden", "dot.gif", "color", "Shop", "<"])
      expect(plain).not.toContain(absent);
  });

  test("takes the page's own base for its links", async () => {
    const based = page.replace("<head>", '<head><base href="/root/">');
    expect((await read(based)).replaceAll("\\", "")).toContain("https://news.example/root/more_(1).html");
  });

  test("without an article is its whole text", async () => {
    const text = await read(
      "<title>Links</title><ul><li><a href=a>First</a></li><li><a href=b>Second</a></li></ul>",
    );
    expect(text).toContain("[First](https://news.example/deep/a)");
    expect(text).toContain("Second");
  });

  test("that is broken is read as far as it goes", async () => {
    expect(await read("hello <b>wor<p>ld</b> <a href='x")).toMatch(/hello/);
    expect(await read("<div><p>open <span>and <i>never closed")).toContain("never closed");
  });

  test.each(["", "   ", "<html><body></body></html>", '<div id="app"></div><script>render()</script>'])(
    "without text has none: %j",
    async (html) => expect(await read(html)).toBe(""),
  );

  test("of any depth or size is read, without links where it is too much", async () => {
    for (const html of [
      "<div>".repeat(50_000),
      "<p>x".repeat(100_000),
      "<a".repeat(300_000),
      "<b><i>".repeat(20_000),
    ])
      expect(typeof (await read(`start ${html}`))).toBe("string");
    const text = await read(`<h1>Top</h1>${"<div>".repeat(1_000)}deep &amp; &#x41;&#66;<br>next`);
    expect(text).toBe("Top\ndeep & AB\nnext");
  }, 30_000);

  test("is as deep as what is left open makes it, however that is written", async () => {
    for (const open of ["<td><p>", "<li><b>", '<div title="</div">', "<x-y>", "<li><p>"])
      expect(await read(`<h1>Top</h1>${`${open}text`.repeat(2_000)}`)).toMatch(/^Top(\s+text){2000}$/);
    expect(await read(`<h1>Top</h1>${"<p>text</p>".repeat(3_500)}`)).toMatch(/^# Top(\s+text){3500}$/);
    const attributes = Array.from({ length: 190 }, (_, at) => `a${at}=x`).join(" ");
    expect(await read(`<b>Top</b>${`<p ${attributes}>text`.repeat(800)}`)).toMatch(/^Top(\s+text){800}$/);
  }, 30_000);

  test("that never closes a script ends there", async () => {
    expect(await read(`<p>before</p>${"<script>a".repeat(50_000)}<p>after`)).toBe("before");
  });
});

describe("letters", () => {
  const latin = Uint8Array.of(...[..."<p>Caf\u00e9 \u0080 10</p>"].map((sign) => sign.charCodeAt(0)));
  test.each([
    ["the header's charset", latin, "text/html; charset=windows-1252", "Café € 10"],
    ["a quoted charset", latin, 'text/html; charset="ISO-8859-1"', "Café € 10"],
    ["no charset and no UTF-8", latin, "text/html", "Café € 10"],
    ["UTF-8 without a word of it", bytes("<p>Café €</p>"), "text/html", "Café €"],
    ["an unknown charset", bytes("<p>Café €</p>"), "text/html; charset=martian", "Café €"],
    [
      "what the page says",
      Uint8Array.of(...bytes('<meta charset="shift_jis"><p>'), 0x93, 0xfa, 0x96, 0x7b),
      "text/html",
      "日本",
    ],
    [
      "the header before the page",
      bytes('<meta charset="shift_jis"><p>日本'),
      "text/html; charset=utf-8",
      "日本",
    ],
    [
      "a byte order mark before all",
      Uint8Array.of(0xff, 0xfe, 0x48, 0, 0x69, 0),
      "text/plain; charset=utf-8",
      "Hi",
    ],
  ])("by %s", async (_, body, type, text) => expect(await read(body, type)).toBe(text));
});

describe("what is no page", () => {
  test.each([
    ["text/plain", "<b>as it is</b>\n  indented"],
    ["text/markdown", "# Title\n\n<div>x</div>"],
    ["application/json", '{"a": "<p>"}'],
    ["application/ld+json; charset=utf-8", "{}"],
    ["application/atom+xml", "<feed><title>x</title></feed>"],
    ["text/csv", "a,b\n1,2"],
    ["", "no type at all"],
  ])("%s is given as it is", async (type, text) => expect(await read(text, type)).toBe(text));

  test.each(["image/png", "application/zip", "video/mp4", "application/octet-stream"])(
    "%s is told",
    async (type) => {
      expect(await read(Uint8Array.of(1, 0, 2, 0), type)).toContain(type);
    },
  );

  test("a page without a type is seen as one", async () => {
    expect(await read("<!DOCTYPE html><p>Hello <b>you</b>", "")).toBe("Hello **you**");
  });

  test("a very long text says that it is cut", async () => {
    const reading = await readAnswer(bytes("x".repeat(1_500_000)), "text/plain", HERE);
    expect(reading).toMatchObject({ cut: true });
  });
});
