// The console's page: one WebSocket to the group, plain DOM. What is typed is kept until the group has stored it.

/** @typedef {import("../../../channels/web/frames.ts").ShownMessage} ShownMessage */
/** @typedef {import("../../../channels/web/frames.ts").ServerFrame} ServerFrame */

const OUTBOX = "nanoflare.outbox";
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const PING_MS = 25_000;

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const list = element("messages");
const composer = /** @type {HTMLFormElement} */ (element("composer"));
const field = /** @type {HTMLTextAreaElement} */ (element("text"));

/** @type {WebSocket | undefined} */
let socket;
let pause = FIRST_PAUSE_MS;
let retry = 0;
let lastId = "";

// --- what is typed and not stored yet ---

/** @returns {{ key: string, text: string }[]} */
function unsent() {
  try {
    return JSON.parse(localStorage.getItem(OUTBOX) ?? "[]");
  } catch {
    return [];
  }
}

/** @param {{ key: string, text: string }[]} letters */
function keep(letters) {
  localStorage.setItem(OUTBOX, JSON.stringify(letters));
}

/** @param {string | undefined} key */
function stored(key) {
  keep(unsent().filter((letter) => letter.key !== key));
}

// --- the connection ---

function connect() {
  clearTimeout(retry);
  const url = new URL("/api/chat/web:main/socket", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const opened = new WebSocket(url);
  socket = opened;
  opened.onopen = () => {
    pause = FIRST_PAUSE_MS;
    say({ type: "hello", ...(lastId ? { after: lastId } : {}) });
    for (const letter of unsent()) say({ type: "send", ...letter });
  };
  opened.onmessage = (event) => event.data !== "pong" && handle(JSON.parse(event.data));
  opened.onclose = () => opened === socket && reconnect();
}

function reconnect() {
  socket = undefined;
  state(navigator.onLine ? "reconnecting …" : "offline");
  clearTimeout(retry);
  retry = setTimeout(connect, pause);
  pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
}

/** @param {object} frame */
function say(frame) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
}

addEventListener("online", () => {
  pause = FIRST_PAUSE_MS;
  connect();
});
addEventListener("offline", () => {
  const closing = socket;
  reconnect();
  closing?.close();
});
setInterval(() => socket?.readyState === WebSocket.OPEN && socket.send("ping"), PING_MS);

// --- what the group says ---

/** @param {ServerFrame} frame */
function handle(frame) {
  switch (frame.type) {
    case "welcome":
      welcome(frame);
      break;
    case "older":
      older(frame);
      break;
    case "accepted":
      accepted(frame.key, frame.id);
      break;
    case "refused":
      refused(frame);
      break;
    case "message":
      if (frame.message.from === "assistant") draft("");
      follow(() => show(frame.message));
      break;
    case "draft":
      follow(() => draft(frame.html));
      break;
    case "activity":
      element("activity").textContent = frame.text;
      break;
    case "busy":
      busy(frame.busy);
      break;
  }
}

/** @param {Extract<ServerFrame, { type: "welcome" }>} frame */
function welcome(frame) {
  const first = lastId === "";
  state(`${frame.model} · connected`);
  busy(frame.busy);
  if (!frame.busy) draft("");
  follow(() => frame.messages.forEach(show));
  if (first) element("older").hidden = !frame.more;
  for (const letter of unsent()) waiting(letter);
}

/** @param {Extract<ServerFrame, { type: "older" }>} frame */
function older(frame) {
  const height = list.scrollHeight;
  frame.messages.forEach(show);
  element("older").hidden = !frame.more;
  // The reader stays where he was.
  list.scrollTop += list.scrollHeight - height;
}

/** @param {string} key @param {string} id */
function accepted(key, id) {
  stored(key);
  const item = itemOf("key", key);
  item?.classList.remove("waiting");
  if (item && id) item.dataset.id = id;
  remember(id);
}

/** @param {Extract<ServerFrame, { type: "refused" }>} frame */
function refused(frame) {
  element("problem").textContent = frame.text;
  if (!frame.key) return;
  const letter = unsent().find((one) => one.key === frame.key);
  stored(frame.key);
  itemOf("key", frame.key)?.remove();
  // Nothing typed is lost: it goes back where it can be changed.
  if (letter && !field.value) field.value = letter.text;
}

// --- what is seen ---

/** @param {string} text */
function state(text) {
  element("connection").textContent = text;
}

/** @param {boolean} is */
function busy(is) {
  element("stop").hidden = !is;
  if (!is) {
    element("activity").textContent = "";
    draft("");
  }
}

/** @param {"id" | "key"} name @param {string | undefined} value */
function itemOf(name, value) {
  return value
    ? [...list.children].find((item) => /** @type {HTMLElement} */ (item).dataset[name] === value)
    : undefined;
}

/** Puts a message at its place; the same id or key is the same message. @param {ShownMessage} message */
function show(message) {
  remember(message.id);
  const item = /** @type {HTMLElement} */ (
    itemOf("id", message.id) ?? itemOf("key", message.key) ?? document.createElement("li")
  );
  item.dataset.id = message.id;
  item.className = message.from;
  fill(item, message);
  stored(message.key);
  const next = [...list.children].find(
    (other) => other !== item && /** @type {HTMLElement} */ (other.dataset.id ?? "~") > message.id,
  );
  if (item.nextElementSibling !== (next ?? null) || !item.isConnected) list.insertBefore(item, next ?? null);
}

/** @param {HTMLElement} item @param {{ from: string, name: string, text: string, html?: string, at: number, note?: string }} message */
function fill(item, message) {
  const meta = document.createElement("p");
  meta.className = "meta";
  const time = new Date(message.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  meta.textContent = `${message.name} · ${time}`;
  if (message.note) meta.append(note(message.note));
  const body = document.createElement("div");
  body.className = "body";
  // The group's HTML is made from the text by a renderer that lets no markup through.
  if (message.html !== undefined) body.innerHTML = message.html;
  else body.textContent = message.text;
  item.replaceChildren(meta, body);
}

/** @param {string} text */
function note(text) {
  const span = document.createElement("span");
  span.className = "note";
  span.textContent = ` · ${text}`;
  return span;
}

/** @param {string} html */
function draft(html) {
  let item = document.getElementById("draft");
  if (!html) return item?.remove();
  if (!item) {
    item = document.createElement("li");
    item.id = "draft";
    item.className = "assistant";
    // The finished message is read out; every stage of a draft would be noise.
    item.setAttribute("aria-hidden", "true");
    item.innerHTML = '<div class="body"></div>';
    list.append(item);
  }
  /** @type {HTMLElement} */ (item.firstElementChild).innerHTML = html;
}

/** @param {{ key: string, text: string }} letter */
function waiting(letter) {
  if (itemOf("key", letter.key)) return;
  const item = document.createElement("li");
  item.dataset.key = letter.key;
  item.className = "person waiting";
  fill(item, { from: "person", name: "You", text: letter.text, at: Date.now() });
  list.append(item);
}

/** Changes the list and stays at its end, if the reader was there. @param {() => void} change */
function follow(change) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  change();
  const open = document.getElementById("draft");
  if (open) list.append(open);
  if (atEnd) list.scrollTop = list.scrollHeight;
}

/** @param {string} id */
function remember(id) {
  if (id > lastId) lastId = id;
}

// --- what the person does ---

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = field.value.trim();
  if (!text) return;
  const letter = { key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, text };
  keep([...unsent(), letter]);
  field.value = "";
  element("problem").textContent = "";
  fit();
  follow(() => waiting(letter));
  list.scrollTop = list.scrollHeight;
  say({ type: "send", ...letter });
  field.focus();
});
field.addEventListener("keydown", (event) => {
  // While an input method composes, Enter chooses a word.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  composer.requestSubmit();
});
field.addEventListener("input", fit);
element("stop").addEventListener("click", () => say({ type: "stop" }));
element("older").addEventListener("click", () => {
  const first = /** @type {HTMLElement | null} */ (list.firstElementChild)?.dataset.id;
  if (first) say({ type: "older", before: first });
});

function fit() {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
}

connect();
field.focus();
