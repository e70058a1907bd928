/** Names of glyphs that are no letter with an accent: https://github.com/adobe-type-tools/agl-specification */
const NAMES = new Map(
  (
    "space exclam ! quotedbl \" numbersign # dollar $ percent % ampersand & quotesingle ' parenleft ( parenright ) " +
    "asterisk * plus + comma , hyphen - minus − period . slash / zero 0 one 1 two 2 three 3 four 4 five 5 six 6 seven 7 " +
    "eight 8 nine 9 colon : semicolon ; less < equal = greater > question ? at @ bracketleft [ backslash \\ " +
    "bracketright ] asciicircum ^ underscore _ grave ` braceleft { bar | braceright } asciitilde ~ exclamdown ¡ cent ¢ " +
    "sterling £ yen ¥ section § copyright © ordfeminine ª guillemotleft « guillemotright » registered ® degree ° " +
    "plusminus ± mu µ paragraph ¶ periodcentered · ordmasculine º onequarter ¼ onehalf ½ threequarters ¾ questiondown ¿ " +
    "AE Æ ae æ OE Œ oe œ Oslash Ø oslash ø Thorn Þ thorn þ Eth Ð eth ð germandbls ß dotlessi ı Lslash Ł lslash ł " +
    "multiply × divide ÷ fraction ⁄ florin ƒ Euro € currency ¤ brokenbar ¦ logicalnot ¬ trademark ™ " +
    "quoteleft ‘ quoteright ’ quotesinglbase ‚ quotedblleft “ quotedblright ” quotedblbase „ guilsinglleft ‹ " +
    "guilsinglright › endash – emdash — bullet • ellipsis … dagger † daggerdbl ‡ perthousand ‰ " +
    "ff ff fi fi fl fl ffi ffi ffl ffl lessequal ≤ greaterequal ≥ notequal ≠ infinity ∞ summation ∑ radical √ arrowright → " +
    "alpha α beta β gamma γ delta δ epsilon ε theta θ lambda λ pi π sigma σ phi φ omega ω Delta Δ Omega Ω Sigma Σ"
  )
    .replace("space ", "space \u00a0 ")
    .split(" ")
    .reduce<[string, string][]>((pairs, word, index, words) => {
      if (index % 2 === 0) pairs.push([word, words[index + 1] === "\u00a0" ? " " : words[index + 1]!]);
      return pairs;
    }, []),
);

const ACCENTS: Record<string, string> = {
  grave: "\u0300",
  acute: "\u0301",
  circumflex: "\u0302",
  tilde: "\u0303",
  macron: "\u0304",
  breve: "\u0306",
  dotaccent: "\u0307",
  dieresis: "\u0308",
  ring: "\u030a",
  hungarumlaut: "\u030b",
  caron: "\u030c",
  cedilla: "\u0327",
  ogonek: "\u0328",
};

/** A glyph's name as text, or undefined where the name tells nothing. */
export function glyphText(name: string): string | undefined {
  const [plain = ""] = name.split(".");
  const parts = plain.split("_").map(one);
  return plain && parts.every((part) => part !== undefined) ? parts.join("") : undefined;
}

function one(name: string): string | undefined {
  const known = NAMES.get(name);
  if (known !== undefined || /^[A-Za-z]$/.test(name)) return known ?? name;
  const codes =
    /^uni((?:[0-9A-F]{4})+)$/.exec(name)?.[1]?.match(/.{4}/g) ?? /^u([0-9A-F]{4,6})$/.exec(name)?.slice(1);
  if (codes) return codes.map((code) => point(Number.parseInt(code, 16))).join("");
  const [, letter, accent] = /^([A-Za-z])([a-z]+)$/.exec(name) ?? [];
  const mark = accent && ACCENTS[accent];
  return mark ? `${letter}${mark}`.normalize("NFC") : undefined;
}

function point(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : "";
}
