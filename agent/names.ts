/** A person as the platform knows them. */
export interface Named {
  /** The platform's immutable id. */
  id?: string;
  name: string;
}

/** Longest name that is shown, in characters. */
const LONGEST = 64;
/** What could start another line, another sender or another block, or show text in another order than it is read. */
const FORGERS =
  /[\p{Cc}\p{Zl}\p{Zp}\s[\]<>:：꞉︰﹕\uFE13\u2236\u200B\u200E\u200F\u061C\u2060-\u2069\u202A-\u202E\uFEFF\u{E0000}-\u{E007F}]+/gu;
const ENDS_IN_ID = /\(id [^)]*\)$/i;

/** A name on one line that can be nothing but a name. */
export function plainName(name: string): string {
  const plain = [...name.toWellFormed().replace(FORGERS, " ").trim()].slice(0, LONGEST).join("").trim();
  return folded(plain) ? plain : "someone";
}

/**
 * Names that tell people apart: two ids with one name, or a person with the assistant's name, are shown with their
 * id, and so is a name that ends like one. `everyone` are the people that the reader may know.
 */
export function namer(everyone: Named[], assistantName?: string): (person: Named) => string {
  const ids = new Map<string, Set<string>>();
  const add = (name: string, id: string) =>
    ids.set(folded(name), (ids.get(folded(name)) ?? new Set()).add(id));
  if (assistantName) add(plainName(assistantName), "");
  for (const { id, name } of distinct(everyone)) if (id) add(plainName(name), id);
  const shown = new Map<string, string>();
  return ({ id, name }) => {
    const key = keyOf({ id, name });
    const known = shown.get(key) ?? shownName({ id, name }, ids);
    shown.set(key, known);
    return known;
  };
}

function shownName({ id, name }: Named, ids: Map<string, Set<string>>): string {
  const plain = plainName(name);
  const others = [...(ids.get(folded(plain)) ?? [])].some((other) => other !== id);
  return id && (others || ENDS_IN_ID.test(plain)) ? `${plain} (id ${plainName(id)})` : plain;
}

/** A long conversation names the same people over and over. */
function distinct(people: Named[]): Iterable<Named> {
  return new Map(people.map((person) => [keyOf(person), person])).values();
}

function keyOf({ id, name }: Named): string {
  return JSON.stringify([id, name]);
}

/** Whether two names look the same to most eyes. */
export function looksLike(one: string, other: string): boolean {
  return folded(one) === folded(other);
}

function folded(name: string): string {
  return name
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\p{Default_Ignorable_Code_Point}\s\u2800]+/gu, "");
}
