// One WebSocket to the group that comes back by itself.

/** @typedef {import("../../../channels/web/frames.ts").ServerFrame} ServerFrame */
/** @typedef {import("../../../channels/web/frames.ts").ClientFrame} ClientFrame */
/** @typedef {"connected" | "reconnecting" | "offline"} State */
/** @typedef {{ opened(): void, frame(frame: ServerFrame): void, state(state: State): void, loggedOut(): void }} Listener */

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5000;
const PING_MS = 25_000;
/** So long a new connection may take until the group's first word. */
const OPEN_MS = 10_000;
/** A connection that does not answer a ping for so long is dead, whatever the browser says. */
const PONG_MS = 5000;
/** The browser says that it is offline: a server on the same machine may still be there, and answers at once. */
const PONG_OFFLINE_MS = 1000;

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
    for (const name of ["online", "focus", "pageshow"]) addEventListener(name, () => this.check());
    addEventListener("offline", () => this.check(PONG_OFFLINE_MS));
    document.addEventListener("visibilitychange", () => document.hidden || this.check());
    setInterval(() => this.#socket && this.check(), PING_MS);
  }

  open() {
    clearTimeout(this.#retry);
    const url = new URL(this.#path, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#expect(OPEN_MS);
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
  check(within = PONG_MS) {
    if (!this.#socket) {
      this.#pause = FIRST_PAUSE_MS;
      return this.open();
    }
    if (this.#deadline || this.#socket.readyState !== WebSocket.OPEN) return;
    this.#expect(within);
    this.#socket.send("ping");
  }

  /** Gives the connection up unless something is heard. @param {number} within milliseconds */
  #expect(within) {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#drop(), within);
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
