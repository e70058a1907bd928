// The WhatsApp account: how it is, and linking it and logging it out through the companion.

/** @typedef {import("../../../channels/frames.ts").ConnectorState} ConnectorState */
/** @typedef {import("../../../durable-objects/links/rpc.ts").LineStatus} LineStatus */

const COMPANION = "/api/companion";
/** While somebody looks, the state is asked for this often, in milliseconds. */
const LOOK_MS = 1500;

/** What to do in each state. @type {Record<ConnectorState["state"], string>} */
const HELP = {
  ready: "Write to this account, or add it to a group.",
  connecting: "The companion connects to WhatsApp.",
  linking: "On the phone: WhatsApp, Settings, Linked devices, Link a device.",
  "not linked": "Link an account: the assistant then reads and answers as it.",
  "logged out": "The link was taken back. Link the account again.",
  failed: "The companion could not connect.",
  off: "WhatsApp is switched off at the companion.",
};
const OFFLINE = "Start the companion where it runs: npm run companion.";

export class WhatsApp {
  #parts;
  #timer = 0;
  #shown = "";

  /** @param {Record<"region" | "state" | "help" | "qr" | "code" | "form" | "scan" | "logout" | "problem", HTMLElement> & { phone: HTMLInputElement }} parts */
  constructor(parts) {
    this.#parts = parts;
    const { region, form, scan, logout, phone } = parts;
    region.addEventListener("toggle", () => this.#look());
    document.addEventListener("visibilitychange", () => this.#look());
    scan.addEventListener("click", () => this.#ask("link", {}));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#ask("link", { phone: phone.value });
    });
    logout.addEventListener("click", () => {
      if (confirm("Log this WhatsApp account out?")) void this.#ask("unlink", {});
    });
    void this.#update();
  }

  /** Looks again while the panel is open and seen. */
  async #look() {
    clearTimeout(this.#timer);
    if (document.hidden || !(/** @type {HTMLDetailsElement} */ (this.#parts.region).open)) return;
    await this.#update();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), LOOK_MS);
  }

  async #update() {
    try {
      const answer = await fetch(COMPANION);
      if (answer.ok) this.#show(/** @type {LineStatus} */ (await answer.json()));
    } catch {
      // The head of the page says that the connection is gone.
    }
  }

  /** @param {LineStatus} status */
  #show({ online, epoch, connectors }) {
    const { region, state, help, form, logout } = this.#parts;
    const account = connectors.find(({ channel }) => channel === "whatsapp");
    region.hidden = online ? account === undefined : epoch === 0;
    set(state, online && account ? inWords(account) : "the companion is offline");
    set(help, account ? (account.problem ?? HELP[account.state]) : OFFLINE);
    this.#toggle(form, ["not linked", "logged out"].includes(account?.state ?? ""));
    this.#toggle(logout, ["ready", "connecting", "failed"].includes(account?.state ?? ""));
    this.#codes(account);
  }

  /** What to scan or to type. @param {ConnectorState | undefined} account */
  #codes({ qr = "", code = "" } = { channel: "", state: "off" }) {
    const parts = this.#parts;
    set(parts.code, code);
    parts.code.hidden = code === "";
    parts.qr.hidden = qr === "";
    if (qr === this.#shown) return;
    this.#shown = qr;
    const image = new Image();
    image.alt = "";
    // The code changes; its picture must not come from a cache.
    image.src = `${COMPANION}/whatsapp/qr?${Date.now()}`;
    parts.qr.replaceChildren(...(qr ? [image] : []));
  }

  /** @param {"link" | "unlink"} what @param {{ phone?: string }} body */
  async #ask(what, body) {
    const headers = { "content-type": "application/json" };
    const init = { method: "POST", headers, body: JSON.stringify(body) };
    set(this.#parts.problem, "");
    const answer = await fetch(`${COMPANION}/whatsapp/${what}`, init).catch(() => undefined);
    if (!answer?.ok) set(this.#parts.problem, await reasonOf(answer));
    await this.#update();
  }

  /** Whose control goes away must not lose the place in the page with it. @param {HTMLElement} part @param {boolean} there */
  #toggle(part, there) {
    if (!there && part.contains(document.activeElement)) this.#parts.region.querySelector("summary")?.focus();
    part.hidden = !there;
  }
}

/** @param {ConnectorState} account */
function inWords({ state, account }) {
  return state === "ready" && account ? `linked: ${account}` : state;
}

/** @param {Response | undefined} answer */
async function reasonOf(answer) {
  const body = await answer?.json().catch(() => undefined);
  return body?.error ?? "The assistant could not be reached; try again.";
}

/** What stays the same is left alone, and not read out again. @param {HTMLElement} element @param {string} text */
function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
