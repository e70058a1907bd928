// What was typed and is not stored by the group yet. One entry a message: two tabs never write over each other.

/** @typedef {{ key: string, text: string, at: number }} Letter */

const PREFIX = "nanoflare.unsent.";
/** For browsers that keep nothing: then it lives as long as the page. @type {Map<string, Letter>} */
const memory = new Map();

/** Keeps a message until it is stored. @param {string} text @returns {Letter} */
export function keep(text) {
  const letter = { key: newKey(), text, at: Date.now() };
  memory.set(letter.key, letter);
  try {
    localStorage.setItem(PREFIX + letter.key, JSON.stringify(letter));
  } catch {
    // Full or forbidden: memory has it.
  }
  return letter;
}

/** Forgets a message that is stored or refused. @param {string} key */
export function forget(key) {
  memory.delete(key);
  try {
    localStorage.removeItem(PREFIX + key);
  } catch {
    // Nothing was kept there.
  }
}

/** All of them, also those of other tabs, in the order of their writing. @returns {Letter[]} */
export function unsent() {
  const letters = new Map(memory);
  for (const letter of kept()) letters.set(letter.key, letter);
  return [...letters.values()].sort((a, b) => a.at - b.at);
}

/** Calls back with the key of each message that another tab got rid of. @param {(key: string) => void} gone */
export function onForgotten(gone) {
  addEventListener("storage", ({ key, newValue }) => {
    if (key?.startsWith(PREFIX) && newValue === null) gone(key.slice(PREFIX.length));
  });
}

/** @returns {Letter[]} */
function kept() {
  try {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
    return names.map((name) => JSON.parse(localStorage.getItem(name) ?? ""));
  } catch {
    return [];
  }
}

/** `randomUUID` is there on HTTPS and localhost only. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
