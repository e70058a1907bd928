import type { Room } from "../room.ts";
import type { TurnRow } from "../turns/turns.ts";
import type { Inbox, InboxRow } from "./inbox.ts";
import type { Transcript } from "./transcript.ts";

type Open = { turn: string; session: string; before: string }[];

/** A transaction writes at most so many messages: each is a row and its words in the index. */
const PAGE = 200;

/**
 * A group may have said thousands of things before somebody wakes the assistant. The turn's end writes the newest into
 * the transcript; this writes the others, a page at a time, with room for new messages between the pages.
 */
export class Backlog {
  readonly #room: Room;
  readonly #inbox: Inbox;
  readonly #transcript: Transcript;

  constructor(room: Room, inbox: Inbox, transcript: Transcript) {
    this.#room = room;
    this.#inbox = inbox;
    this.#transcript = transcript;
  }

  /** Writes the newest messages of a turn that ends, and notes the rest. Call it inside the turn's last transaction. */
  add(turn: TurnRow): void {
    const rows = this.#inbox.page(turn.id, { limit: PAGE });
    this.#transcript.addPeople(rows, turn.session);
    if (rows.length < PAGE) return;
    this.#keep([...this.#open(), { turn: turn.id, session: turn.session, before: rows[0]!.id }]);
  }

  waiting(): boolean {
    return this.#open().length > 0;
  }

  /** Writes one page. False where there is nothing to write. */
  write(): boolean {
    const [first, ...others] = this.#open();
    if (!first) return false;
    this.#room.transaction(() => {
      const rows: InboxRow[] = this.#inbox.page(first.turn, { before: first.before, limit: PAGE });
      this.#transcript.addPeople(rows, first.session);
      this.#keep(rows.length < PAGE ? others : [{ ...first, before: rows[0]!.id }, ...others]);
    });
    return true;
  }

  #open(): Open {
    return this.#room.get("backlog") ?? [];
  }

  #keep(open: Open): void {
    this.#room.set("backlog", open);
  }
}
