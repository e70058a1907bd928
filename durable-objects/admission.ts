import { asc, inArray, sql } from "drizzle-orm";
import { allowed, wakes } from "../agent/wake.ts";
import type { Message } from "../channels/channel.ts";
import { DIRECTORY } from "./directory/rpc.ts";
import { gateOf } from "./messages/gate.ts";
import type { Room } from "./room.ts";
import type { Receipt } from "./rpc.ts";
import { drops } from "./schema.ts";

const RING = 100;
const HOUR_MS = 3600_000;
/** Wrong codes of a chat that are answered in an hour. */
const TOLD_AN_HOUR = 3;

/** The directory, as a group calls it. */
export type DirectoryStub = ReturnType<Env["DIRECTORY"]["getByName"]>;

/** Who is heard: the gate before the inbox. */
export class Admission {
  readonly #room: Room;

  constructor(room: Room) {
    this.#room = room;
  }

  /**
   * A chat that is not registered asks the directory what it is. Nothing of the text is kept.
   * Answers undefined when the chat is registered now, else a receipt and what the chat is to be told.
   */
  async arrive(message: Message): Promise<{ receipt: Receipt; tell?: string } | undefined> {
    const { config, address } = this.#room;
    const isAllowed =
      config.ALLOW_FROM !== undefined && allowed(message.sender, this.#room.channelName, config.ALLOW_FROM);
    const addressed =
      message.chat.type === "direct" || message.mentioned || wakes(message, this.gate()).wakes;
    if (message.fromUs || message.sender.isBot || !addressed)
      return { receipt: this.drop(message, "the chat is not registered") };
    const { chat, sender } = message;
    const arrival = await this.directory.arrive({
      address,
      chat,
      sender,
      allowed: isAllowed,
      addressed,
      key: message.key,
    });
    if (arrival.settings?.registered) {
      this.#room.configure(arrival.settings);
      // The answer to this message says it.
      this.#room.clear("coded");
      return undefined;
    }
    const receipt = this.drop(message, arrival.reason ?? "the chat is not registered");
    if (arrival.forwardTo) this.#room.set("forwardTo", arrival.forwardTo);
    if (!arrival.pairing) return { receipt };
    this.#room.set("coded", message.thread ?? "");
    return { receipt, tell: pairingText(config.ASSISTANT_NAME, arrival.pairing) };
  }

  /** Asks the directory whether this chat is registered: a console is before anybody wrote in it. */
  async learn(): Promise<boolean> {
    const settings = await this.directory.find(this.#room.address);
    if (settings?.registered) this.#room.configure(settings);
    return this.#room.registered;
  }

  /** Whose codes for `/main` are listened to. */
  mayClaim(sender: Message["sender"]): boolean {
    const { config, channelName } = this.#room;
    if (sender.isBot) return false;
    return config.ALLOW_FROM === undefined || allowed(sender, channelName, config.ALLOW_FROM);
  }

  /** Whether a chat that nobody registered is told of a wrong code: a few times an hour, of its lock-out once. */
  mayTell(locked = false): boolean {
    const now = this.#room.now();
    if (locked) {
      const told = this.#room.get("told:locked") ?? 0;
      if (told <= now - HOUR_MS) this.#room.set("told:locked", now);
      return told <= now - HOUR_MS;
    }
    const lately = (this.#room.get("wrongCodes") ?? []).filter((at) => at > now - HOUR_MS);
    if (lately.length < TOLD_AN_HOUR) this.#room.set("wrongCodes", [...lately, now]);
    return lately.length < TOLD_AN_HOUR;
  }

  /** The rule's view of this group. */
  gate() {
    return gateOf(this.#room);
  }

  /** Remembers that something was not heard, and why; a bounded ring without texts. */
  drop(message: Pick<Message, "sender">, reason: string): Receipt {
    const { db } = this.#room;
    db.insert(drops)
      .values({ id: this.#room.newId(), at: this.#room.now(), sender: message.sender.name, reason })
      .run();
    const old = db.select({ id: drops.id }).from(drops).orderBy(asc(drops.id));
    const surplus = db.select({ n: sql<number>`count(*)` }).from(drops).get()!.n - RING;
    if (surplus > 0)
      db.delete(drops)
        .where(inArray(drops.id, old.limit(surplus)))
        .run();
    if (!this.#room.settings) this.#room.set("heardAt", this.#room.now());
    return { outcome: "dropped", reason, quiet: true };
  }

  get directory(): DirectoryStub {
    return this.#room.env.DIRECTORY.getByName(DIRECTORY);
  }
}

function pairingText(name: string, code: string): string {
  return `I am ${name}, and I do not know you yet. Ask my owner to send me: /approve ${code}`;
}
