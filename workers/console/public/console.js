// The console's page: what the group says goes to the conversation, what the person says goes to the group.

import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { Conversation } from "./conversation.js";
import { Tasks } from "./tasks.js";
import { forget, keep, newKey, onForgotten, unsent } from "./unsent.js";
import { WhatsApp } from "./whatsapp.js";

/** @typedef {import("../../../channels/web/frames.ts").ServerFrame} ServerFrame */
/** @typedef {import("./connection.js").State} State */

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const field = /** @type {HTMLTextAreaElement} */ (element("text"));

const conversation = new Conversation({
  view: element("view"),
  log: element("log"),
  list: element("messages"),
  draft: element("draft"),
  // A press that is lost with the connection is made again: the buttons stay until it is answered.
  pressed: (message, value) => connection.say({ type: "press", key: newKey(), message, value }),
});

const tasks = new Tasks({
  region: element("tasks"),
  count: element("task-count"),
  next: element("task-next"),
  list: element("task-list"),
});

const connection = new Connection("/api/chat/web:main/socket", {
  opened() {
    connection.say({ type: "hello", ...(conversation.lastId ? { after: conversation.lastId } : {}) });
    for (const { key, text } of unsent()) connection.say({ type: "send", key, text });
  },
  frame: heard,
  state: show,
  // The page behind this address is the one that says how to log in.
  loggedOut: () => location.reload(),
});

const composer = new Composer(/** @type {HTMLFormElement} */ (element("composer")), field, send);

/** @param {string} text */
function send(text) {
  const letter = keep(text);
  element("problem").textContent = "";
  element("start").hidden = true;
  conversation.addWaiting(letter);
  conversation.toEnd();
  connection.say({ type: "send", key: letter.key, text });
  connection.check();
}

/** @param {ServerFrame} frame */
function heard(frame) {
  switch (frame.type) {
    case "welcome":
      return welcome(frame);
    case "older":
      conversation.loadOlder(frame.messages);
      return showOlder(frame.more);
    case "accepted":
      forget(frame.key);
      return conversation.accepted(frame.key, frame.id);
    case "refused":
      return refused(frame);
    case "message":
      if (frame.message.key) forget(frame.message.key);
      if (frame.message.from === "assistant") conversation.draft("");
      element("start").hidden = true;
      return conversation.add(frame.message);
    case "draft":
      return conversation.draft(frame.html);
    case "activity":
      element("activity").textContent = frame.text;
      return;
    case "busy":
      return busy(frame.busy);
    case "tasks":
      return tasks.show(frame);
  }
}

/** @param {Extract<ServerFrame, { type: "welcome" }>} frame */
function welcome(frame) {
  if (frame.anew) conversation.clear();
  const first = conversation.lastId === "";
  element("model").textContent = frame.model;
  show("connected");
  conversation.load(frame.messages);
  for (const { key } of frame.messages) if (key) forget(key);
  for (const letter of unsent()) conversation.addWaiting(letter);
  busy(frame.busy);
  conversation.draft(frame.draft ?? "");
  if (first) showOlder(frame.more);
  if (first) conversation.toEnd();
  element("start").hidden = !conversation.empty;
}

/** Nothing typed is lost: it goes back where it can be changed. @param {Extract<ServerFrame, { type: "refused" }>} frame */
function refused(frame) {
  element("problem").textContent = frame.text;
  const letter = unsent().find(({ key }) => key === frame.key);
  if (!letter) return;
  forget(letter.key);
  conversation.drop(letter.key);
  composer.giveBack(letter.text);
}

/** @param {boolean} is */
function busy(is) {
  const stop = element("stop");
  // Who pressed Stop goes on writing.
  if (!is && document.activeElement === stop) composer.focus();
  stop.hidden = !is;
  if (!is) element("activity").textContent = "";
  conversation.busy(is);
}

/** @param {boolean} more */
function showOlder(more) {
  const button = element("older");
  if (!more && document.activeElement === button) element("view").focus();
  button.hidden = !more;
}

/** @param {State} state */
function show(state) {
  const words = { connected: "Connected", reconnecting: "Reconnecting …", offline: "Offline" };
  element("connection").textContent = words[state];
  document.body.dataset.connection = state;
}

element("stop").addEventListener("click", () => connection.say({ type: "stop" }));
element("older").addEventListener("click", () => {
  if (conversation.firstId) connection.say({ type: "older", before: conversation.firstId });
});
for (const example of document.querySelectorAll("#start button"))
  example.addEventListener("click", () => send(example.textContent ?? ""));
new WhatsApp({
  region: element("whatsapp"),
  state: element("whatsapp-state"),
  help: element("whatsapp-help"),
  qr: element("whatsapp-qr"),
  code: element("whatsapp-code"),
  form: element("whatsapp-link"),
  scan: element("whatsapp-scan"),
  phone: /** @type {HTMLInputElement} */ (element("whatsapp-phone")),
  logout: element("whatsapp-logout"),
  problem: element("whatsapp-problem"),
});
onForgotten((key) => conversation.drop(key));
connection.open();
