// The messages on the page: each at its place, once, however often it is told.

import { shownFiles } from "./files.js";

/** @typedef {import("../../../channels/web/frames.ts").ShownMessage} ShownMessage */
/** @typedef {Omit<ShownMessage, "id"> & { id?: string }} Shown */

/** Who writes in a console chat reads it: nobody but the owner is let in. */
const YOU = "You";
/** Pixels from the end at which a reader counts as being there. */
const NEAR = 80;
const NOTES = { failed: "not answered", cancelled: "stopped", cut: "cut off" };

export class Conversation {
  #view;
  #log;
  #list;
  #draft;
  #busy = false;
  #reading = "end";
  /** @type {Map<string, HTMLElement>} */
  #byId = new Map();
  /** @type {Map<string, HTMLElement>} */
  #byKey = new Map();
  /** The newest message's id; a page that reconnects asks for what came after it. */
  lastId = "";

  /**
   * @param {{ view: HTMLElement, log: HTMLElement, list: HTMLElement, draft: HTMLElement,
   *   pressed(message: string, value: string): void }} parts
   */
  constructor({ view, log, list, draft, pressed }) {
    this.#view = view;
    this.#log = log;
    this.#list = list;
    this.#draft = draft;
    view.addEventListener("scroll", () => {
      this.#reading = isNear(view) ? "end" : "before";
    });
    // A keyboard or the list of tasks takes room: who reads the end goes on reading it.
    list.addEventListener("click", ({ target }) => {
      const button = target instanceof Element ? target.closest("button") : null;
      const message = button?.closest("li")?.dataset.id;
      if (button?.dataset.value && message) pressed(message, button.dataset.value);
    });
    new ResizeObserver(() => this.#reading === "end" && this.toEnd()).observe(view);
  }

  get empty() {
    return this.#list.childElementCount === 0;
  }

  get firstId() {
    return this.#list.firstElementChild?.getAttribute("data-id");
  }

  /** Begins anew: too much was missed to be shown without a gap. */
  clear() {
    this.#list.replaceChildren();
    this.#byId.clear();
    this.#byKey.clear();
    this.lastId = "";
  }

  /** A new message: it is read out. @param {ShownMessage} message */
  add(message) {
    this.#follow(() => this.#show(message));
  }

  /** History: shown, not read out. @param {ShownMessage[]} messages */
  load(messages) {
    this.#quietly(() => this.#follow(() => this.#showAll(messages)));
  }

  /** What was said before: the reader stays where he was. @param {ShownMessage[]} messages */
  loadOlder(messages) {
    const toEnd = this.#view.scrollHeight - this.#view.scrollTop;
    this.#quietly(() => this.#showAll(messages));
    this.#view.scrollTop = this.#view.scrollHeight - toEnd;
  }

  /** A message that is not stored yet. @param {{ key: string, text: string, at: number }} letter */
  addWaiting(letter) {
    if (this.#byKey.has(letter.key)) return;
    const item = document.createElement("li");
    item.className = "message person waiting";
    fill(item, { from: "person", name: YOU, note: "sending …", ...letter });
    this.#byKey.set(letter.key, item);
    this.#follow(() => this.#list.append(item));
  }

  /** The group stored it, as this message. @param {string} key @param {string} id */
  accepted(key, id) {
    const item = this.#byKey.get(key);
    if (!item || !id) return;
    item.classList.remove("waiting");
    item.querySelector(".note")?.remove();
    this.#name(item, id);
  }

  /** Takes away a message that will not be sent. @param {string} key */
  drop(key) {
    const item = this.#byKey.get(key);
    if (!item?.classList.contains("waiting")) return;
    item.remove();
    this.#byKey.delete(key);
  }

  /** The answer as far as it is written; safe HTML of the group. @param {string} html */
  draft(html) {
    this.#follow(() => {
      /** @type {HTMLElement} */ (this.#draft.firstElementChild).innerHTML = html;
      this.#draft.hidden = !html && !this.#busy;
    });
  }

  /** @param {boolean} busy */
  busy(busy) {
    this.#busy = busy;
    const written = this.#draft.textContent?.trim();
    if (!busy) this.draft("");
    else if (!written) this.#follow(() => (this.#draft.hidden = false));
  }

  toEnd() {
    this.#view.scrollTop = this.#view.scrollHeight;
  }

  /** @param {ShownMessage[]} messages */
  #showAll(messages) {
    for (const message of messages) this.#show(message);
  }

  /** @param {ShownMessage} message */
  #show(message) {
    const known = this.#byId.get(message.id) ?? (message.key ? this.#byKey.get(message.key) : undefined);
    const item = known ?? document.createElement("li");
    item.className = `message ${message.from}`;
    fill(item, message);
    if (message.key) this.#byKey.set(message.key, item);
    this.#name(item, message.id);
    this.#place(item, message.id);
  }

  /** @param {HTMLElement} item @param {string} id */
  #name(item, id) {
    item.dataset.id = id;
    this.#byId.set(id, item);
    if (id > this.lastId) this.lastId = id;
  }

  /** Ids sort by time; what has none yet is the latest. @param {HTMLElement} item @param {string} id */
  #place(item, id) {
    let next = null;
    for (let other = this.#list.lastElementChild; other; other = other.previousElementSibling) {
      if (other === item) continue;
      if ((other.getAttribute("data-id") ?? "~") < id) break;
      next = other;
    }
    // A node that moves without need is read out again.
    if (!item.isConnected || item.nextElementSibling !== next) this.#list.insertBefore(item, next);
  }

  /** Stays at the end, if the reader is there. @param {() => void} change */
  #follow(change) {
    const near = isNear(this.#view);
    change();
    if (near) this.toEnd();
  }

  /** @param {() => void} change */
  #quietly(change) {
    this.#log.setAttribute("aria-live", "off");
    change();
    requestAnimationFrame(() => this.#log.setAttribute("aria-live", "polite"));
  }
}

/** @param {HTMLElement} item @param {Shown} message */
function fill(item, message) {
  const meta = document.createElement("p");
  meta.className = "meta";
  const time = document.createElement("time");
  time.dateTime = new Date(message.at).toISOString();
  time.textContent = timeOf(new Date(message.at));
  meta.append(named("name", message.from === "person" ? YOU : message.name), " ", time);
  if (message.note)
    meta.append(" ", named("note", NOTES[/** @type {"cut"} */ (message.note)] ?? message.note));
  const body = document.createElement("div");
  body.className = "body";
  // The group's HTML is made from the text by a renderer that lets no markup through.
  if (message.html !== undefined) body.innerHTML = message.html;
  else body.textContent = message.text;
  item.replaceChildren(meta, body, ...shownFiles(message.files ?? []), ...choices(message));
}

/** The buttons below a message. @param {Shown} message */
function choices({ choices = [] }) {
  if (choices.length === 0) return [];
  const row = document.createElement("p");
  row.className = "choices";
  for (const { label, value } of choices) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = label;
    button.dataset.value = value;
    row.append(button);
  }
  return [row];
}

/** @param {string} name @param {string} text */
function named(name, text) {
  const span = document.createElement("span");
  span.className = name;
  span.textContent = text;
  return span;
}

/** The day is said when it is not today. @param {Date} at */
function timeOf(at) {
  const today = at.toDateString() === new Date().toDateString();
  return at.toLocaleString([], { ...(today ? {} : { dateStyle: "medium" }), timeStyle: "short" });
}

/** Whether the reader is at the end. @param {HTMLElement} view */
function isNear({ scrollHeight, scrollTop, clientHeight }) {
  return scrollHeight - scrollTop - clientHeight < NEAR;
}
