// One WebSocket to the group that comes back by itself.

/** @typedef {import("../../../channels/web/frames.ts").ServerFrame} ServerFrame */
/** @typedef {import("../../../channels/web/frames.ts").ClientFrame} ClientFrame */
/** @typedef {"connected" | "reconnecting" | "offline"} State */
/** @typedef {{ opened(): void, frame(frame: ServerFrame): void, state(state: State): void, loggedOut(): void }} Listener */

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const PING_MS = 25_000;
/** A connection that does not answer a ping for so long is dead, whatever the browser says. */
const PONG_MS = 5000;

export class Connection {
  /** @type {WebSocket | undefined} */
  #socket;
  #path;
  #listener;
  #pause = FIRST_PAUSE_MS;
  #retry = 0;
  #deadline = 0;

  /** @param {string} path @param {Listener} listener */
  constructor(path, listener) {
    this.#path = path;
    this.#listener = listener;
    for (const name of ["online", "offline", "focus", "pageshow"]) addEventListener(name, () => this.check());
    document.addEventListener("visibilitychange", () => document.hidden || this.check());
    setInterval(() => this.#socket && this.check(), PING_MS);
  }

  open() {
    clearTimeout(this.#retry);
    const url = new URL(this.#path, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    this.#socket = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.#listener.opened();
    };
    socket.onmessage = ({ data }) => socket === this.#socket && this.#heard(data);
    socket.onclose = () => socket === this.#socket && this.#lost(opened);
  }

  /** Sends if it can; what must not be lost is sent again when the connection is back. @param {ClientFrame} frame */
  say(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  /** Asks whether the other side is there, and connects at once if there is no connection. */
  check() {
    if (!this.#socket) {
      this.#pause = FIRST_PAUSE_MS;
      return this.open();
    }
    if (this.#deadline || this.#socket.readyState !== WebSocket.OPEN) return;
    this.#deadline = setTimeout(() => this.#drop(), PONG_MS);
    this.#socket.send("ping");
  }

  /** @param {string} data */
  #heard(data) {
    clearTimeout(this.#deadline);
    this.#deadline = 0;
    this.#pause = FIRST_PAUSE_MS;
    if (data !== "pong") this.#listener.frame(JSON.parse(data));
  }

  #drop() {
    const socket = this.#socket;
    this.#lost(true);
    socket?.close();
  }

  /** @param {boolean} wasOpen */
  #lost(wasOpen) {
    this.#socket = undefined;
    clearTimeout(this.#deadline);
    this.#deadline = 0;
    this.#listener.state(navigator.onLine ? "reconnecting" : "offline");
    clearTimeout(this.#retry);
    // Not all pages at once, when a server comes back.
    this.#retry = setTimeout(() => this.open(), this.#pause * (0.75 + Math.random() / 2));
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
    if (!wasOpen) void this.#askWhy();
  }

  /** A WebSocket does not say why it could not be opened; the page itself does. */
  async #askWhy() {
    const answer = await fetch("/", { method: "HEAD", cache: "no-store" }).catch(() => undefined);
    if (answer?.status === 401) this.#listener.loggedOut();
  }
}
