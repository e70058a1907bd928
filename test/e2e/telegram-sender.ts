import { setTimeout as sleep } from "node:timers/promises";

const RETRY_MS = 100;

/** Where updates go, and the secret that they carry. */
export interface Webhook {
  url: string;
  secret: string;
}

/**
 * Delivers private messages as Telegram does: those of a chat one after the other, each again until it gets a 2xx. The
 * install may be gone for a while.
 */
export class TelegramSender {
  readonly #webhook: Webhook;
  readonly #chat: number;
  #updates = 0;

  constructor(webhook: Webhook, chat: number) {
    this.#webhook = webhook;
    this.#chat = chat;
  }

  /** Resolves when the message was accepted. */
  async deliver(text: string, signal: AbortSignal): Promise<void> {
    const number = ++this.#updates;
    const user = { id: this.#chat, is_bot: false, first_name: `Person ${this.#chat}` };
    const message = {
      message_id: number,
      date: Math.floor(Date.now() / 1000),
      from: user,
      chat: { id: this.#chat, type: "private", first_name: user.first_name },
      text,
    };
    const body = JSON.stringify({ update_id: this.#chat * 1000 + number, message });
    while (!(await this.#post(body))) {
      signal.throwIfAborted();
      await sleep(RETRY_MS);
    }
  }

  async #post(body: string): Promise<boolean> {
    const headers = {
      "content-type": "application/json",
      "x-telegram-bot-api-secret-token": this.#webhook.secret,
    };
    try {
      const answer = await fetch(this.#webhook.url, { method: "POST", headers, body });
      await answer.body?.cancel();
      return answer.ok;
    } catch {
      return false;
    }
  }
}
