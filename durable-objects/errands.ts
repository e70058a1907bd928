import type { DirectoryStub } from "./admission.ts";
import type { Room } from "./room.ts";

/** Notices that wait at most: a directory that can't be reached must not fill the group. */
const MOST = 20;

/** What a group owes to main: a row from its cause's own transaction on, until the directory has taken it. */
export class Errands {
  readonly #room: Room;

  constructor(room: Room) {
    this.#room = room;
  }

  /** Main is to be told, once a key. Call it inside the transaction of the cause. */
  tellMain(key: string, text: string): void {
    if (this.#room.main) return;
    const name = this.#room.settings?.name ?? this.#room.address;
    const owed = this.#room.get("owed") ?? [];
    this.#room.set(
      "owed",
      [...owed, { key: `${this.#room.address}:${key}`, text: `In "${name}": ${text}` }].slice(-MOST),
    );
  }

  owed(): boolean {
    return (this.#room.get("owed") ?? []).length > 0;
  }

  /** Hands over what is owed. A crash after the directory took it tells it again under the same key. */
  async run(directory: DirectoryStub): Promise<void> {
    for (let first = this.#room.get("owed")?.[0]; first; first = this.#room.get("owed")?.[0]) {
      await directory.tellMain(first.key, first.text);
      const { key } = first;
      this.#room.set(
        "owed",
        (this.#room.get("owed") ?? []).filter((notice) => notice.key !== key),
      );
    }
  }
}
