// Where the person writes.

const TYPED = "nanoflare.typed";

export class Composer {
  #field;

  /** @param {HTMLFormElement} form @param {HTMLTextAreaElement} field @param {(text: string) => void} send */
  constructor(form, field, send) {
    this.#field = field;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = field.value.trim();
      if (text) send(text);
      if (text) this.write("");
      field.focus();
    });
    field.addEventListener("keydown", (event) => {
      // While an input method composes, Enter chooses a word; Safari says so by the key's code only.
      const composing = event.isComposing || event.keyCode === 229;
      if (event.key !== "Enter" || event.shiftKey || composing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    field.addEventListener("input", () => this.#changed());
    this.write(read());
    field.focus();
  }

  focus() {
    this.#field.focus();
  }

  /** Replaces what is written. @param {string} text */
  write(text) {
    this.#field.value = text;
    this.#changed();
  }

  /** Puts a text that was not taken before what is written by now. @param {string} text */
  giveBack(text) {
    this.write([text, this.#field.value].filter(Boolean).join("\n\n"));
  }

  #changed() {
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight}px`;
    keep(this.#field.value);
  }
}

/** A reload does not take away what is being written. */
function read() {
  try {
    return sessionStorage.getItem(TYPED) ?? "";
  } catch {
    return "";
  }
}

/** @param {string} text */
function keep(text) {
  try {
    sessionStorage.setItem(TYPED, text);
  } catch {
    // It lasts as long as the page.
  }
}
