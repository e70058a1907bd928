import { and, eq, lte } from "drizzle-orm";
import { FROM_OUTSIDE } from "../../agent/approval.ts";
import type { Step } from "../../agent/journal.ts";
import type { Notebook } from "../../agent/notebook.ts";
import { lowest } from "../../agent/trust.ts";
import type { Address } from "../../channels/channel.ts";
import type { Audit } from "../audit.ts";
import type { Transcript } from "../messages/transcript.ts";
import type { Outbox } from "../outbox/outbox.ts";
import type { Room } from "../room.ts";
import { approvals, outbox } from "../schema.ts";
import type { TurnRow, Turns } from "../turns/turns.ts";
import { askerOf } from "./asker.ts";
import { ApprovalBook, type ApprovalRow, ASKED, keyAt } from "./book.ts";
import { boundTo } from "./bound.ts";
import { asksHere, whyNoLonger, whyNotDecide } from "./may-decide.ts";
import { planCall } from "./plan-call.ts";
import type { Decider } from "./schema.ts";
import { type Answer, asking, choicesOf, ended, fateOf, named, question } from "./words.ts";

/** What came of an answer, in a sentence for whoever gave it; and how the call stands now. */
export interface Decided {
  ok: boolean;
  said: string;
  state?: ApprovalRow["state"];
  by?: Decider;
}

/** A call of another chat that main is asked about. */
export interface Relayed {
  origin: Address;
  number: number;
  chat: string;
  tool: string;
  hash: string;
  asked: string;
  /** The label of the turn that asks. */
  trust: ApprovalRow["trust"];
  expiresAt: number;
}

/** The messages of who woke a turn are kept 8 days: until then its rights can be asked for again. */
const LIFE_MS = 7 * 24 * 3600_000;
/** Calls of one asker that wait at once, and of all. */
const EACH = 5;
const MOST = 20;

interface Hands {
  workspace: Pick<Notebook, "list">;
  outbox: Outbox;
  transcript: Transcript;
  turns: Turns;
  audit: Audit;
  say(key: string, text: string, thread: string): void;
}

/** Calls that wait for somebody's yes: rows, not waiting turns. Each is asked once, decided once and run once. */
export class Approvals extends ApprovalBook {
  readonly #room: Room;
  readonly #hands: Hands;

  constructor(room: Room, hands: Hands) {
    super(room);
    this.#room = room;
    this.#hands = hands;
  }

  /** Asks about a call and answers what its model is told. Call it inside the transaction that ends the step. */
  ask(turn: TurnRow, step: Step, why: string, actors: readonly { id: string }[], names: string): string {
    const asker = askerOf(this.#room, turn, actors);
    const input = step.input ?? "";
    const hash = this.#hash(step.name, input);
    const open = this.open().find((row) => row.hash === hash && row.turn !== null);
    if (open) return waiting(open, turn);
    const full = this.#makeRoom(asker, turn);
    if (full) return full;
    const call = { tool: step.name, input, why };
    const row = this.#add({
      ...call,
      key: `step:${step.id}`,
      turn: turn.id,
      step: step.id,
      thread: turn.thread,
      asker,
      hash,
      asked: question(call, names),
      relay: !asksHere(this.#room),
      trust: turn.trust,
      expiresAt: this.#room.now() + LIFE_MS,
    });
    this.#hands.audit.record(actors.map(({ id }) => id).join(", "), `asked for ${named(row)}`, input);
    if (asksHere(this.#room)) this.#show(row);
    return waiting(row, turn);
  }

  /**
   * Nobody's questions keep others from asking: the oldest gives way, of the same asker, else of whoever has most. Those
   * of this very turn stay. Answers why there is no room.
   */
  #makeRoom(asker: string, turn: TurnRow): string | undefined {
    const open = this.open().filter((row) => row.turn !== null);
    const byAsker = Map.groupBy(open, (row) => row.asker);
    const mine = byAsker.get(asker) ?? [];
    if (mine.length < EACH && open.length < MOST) return undefined;
    const most = [...byAsker.values()].reduce((a, b) => (b.length > a.length ? b : a));
    const oldest = (mine.length < EACH ? most : mine).find((row) => row.turn !== turn.id);
    if (!oldest) return `Not run: ${EACH} calls of this turn wait for approval already. Say so.`;
    this.#expire(oldest, `Approval #${oldest.number} gave way to newer ones`);
    return undefined;
  }

  /** Main is asked about another chat's call, once. Call it inside a transaction. */
  relayed({ origin, number, chat, tool, hash, asked, trust, expiresAt }: Relayed): void {
    const key = keyAt(origin, number);
    if (this.about(origin, number)) return;
    const call = { tool, input: "", why: "", turn: null, step: null, thread: "", relay: false };
    const from = { key, origin, originNumber: number, hash, asked, expiresAt };
    // The arguments are another chat's words.
    this.#show(this.#add({ ...call, ...from, trust: lowest("member", trust) }), chat);
  }

  /**
   * Decides about a call of this chat, once, and opens the turn that runs it. Call it inside a transaction.
   * @param from the chat in which it was said, or `console`
   */
  decide({ number, verdict, fingerprint, shown = number }: Answer, by: Decider, from: string): Decided {
    const row = this.get(number);
    if (!row || row.origin) return { ok: false, said: `There is no approval #${shown}.` };
    const why = this.#whyNotDecide(row, by, from, fingerprint);
    if (why) {
      this.#hands.audit.refused([{ id: by.ids[0]! }], `${verdict} of ${named(row)}`, why);
      return { ok: false, said: why };
    }
    if (row.state === "asked" && row.expiresAt <= this.#room.now()) this.#expire(row);
    const now = this.get(number)!;
    if (now.state !== "asked") {
      const said = `Approval #${shown} ${fateOf(now)}. Nothing was changed.`;
      return { ok: false, said, state: now.state, ...(now.decidedBy ? { by: now.decidedBy } : {}) };
    }
    const what = verdict === "approve" ? "approved" : "denied";
    this.#hands.audit.record(by.ids[0]!, `${what} ${named(row)}`, row.input);
    const decided = { decidedBy: by, decidedIn: from };
    if (verdict === "deny") return this.#deny(row, decided, shown);
    const run = planCall(this.#room, this.#hands.turns, row);
    this.#close(row, { ...decided, state: "approved", run });
    return { ok: true, said: `Approved #${shown}: \`${row.tool}\` runs now.`, state: "approved", by };
  }

  #whyNotDecide(row: ApprovalRow, by: Decider, from: string, fingerprint?: string): string | undefined {
    if (!this.#room.registered) return "This chat is not registered any more.";
    const why = whyNotDecide(this.#room, by, from);
    if (why) return why;
    const fits = fingerprint === undefined || row.hash.startsWith(fingerprint);
    return fits ? undefined : "This button belongs to another call. Nothing was decided.";
  }

  /** What another chat said of its call, which main was asked about. Call it inside a transaction. */
  settled(row: ApprovalRow | undefined, { state, by }: Pick<Decided, "state" | "by">): void {
    if (row?.state !== "asked" || state === undefined || state === "asked") return;
    const now = state === "approved" ? ("done" as const) : state;
    this.#close(row, { state: now, decidedBy: by ?? null, endedAt: this.#room.now() });
  }

  /** Ends what nobody answered in time. */
  expire(): void {
    const late = and(ASKED, lte(approvals.expiresAt, this.#room.now()));
    for (const row of this.#room.db.select().from(approvals).where(late).all())
      this.#room.transaction(() => this.#expire(row));
  }

  /** The approved call that this step is: it is not asked about again. */
  granted(turn: TurnRow, step: Step): ApprovalRow | undefined {
    const row = turn.kind === "approval" && turn.run ? this.byId(turn.run) : undefined;
    return row?.run === turn.id && step.id === stepOf(turn) ? row : undefined;
  }

  /** Why an approved call is not run after all: it is not the call that was approved, or nobody stands by it any more. */
  whyNot(row: ApprovalRow, step: Step): string | undefined {
    const isSame = row.hash === this.#hash(step.name, step.input ?? "") && row.tool === step.name;
    if (!isSame)
      return "The call, or a file that it sends, is not the one that was approved. It was not run.";
    if (row.state !== "approved") return `Approval #${row.number} ${fateOf(row)}. It was not run.`;
    const gone = whyNoLonger(this.#room, row.decidedBy!, row.decidedIn!);
    return gone && `${gone} It was not run.`;
  }

  /** An approved call's turn has ended. Call it inside a transaction. */
  ended(id: string, state: "done" | "refused", result: string): void {
    const change = { state, result: result.slice(0, 200), endedAt: this.#room.now() };
    this.change(id, change);
  }

  #add(fields: Partial<ApprovalRow> & Pick<ApprovalRow, "key" | "tool" | "hash" | "asked" | "expiresAt">) {
    const number = (this.#room.get("lastApproval") ?? 0) + 1;
    this.#room.set("lastApproval", number);
    const row = { ...blank(), ...fields, id: this.#room.newId(), number, createdAt: this.#room.now() };
    return this.#room.db.insert(approvals).values(row).returning().get();
  }

  #show(row: ApprovalRow, chat?: string): void {
    const text = asking(row, this.#room.timezone, chat);
    const { thread, trust } = row;
    const id = this.#hands.outbox.say({ key: keyOf(row), text, thread, trust, choices: choicesOf(row) });
    const session = this.#hands.transcript.session(thread).id;
    if (id) this.#hands.transcript.addOurs({ id, role: "notice", text, thread, session, trust });
  }

  #deny(row: ApprovalRow, decided: Partial<ApprovalRow>, shown: number): Decided {
    this.#close(row, { ...decided, state: "denied", endedAt: this.#room.now() });
    const said = (number: number) => `Denied #${number}: \`${row.tool}\` is not run.`;
    if (decided.decidedIn !== this.#room.address)
      this.#hands.say(`denied:${row.id}`, said(row.number), row.thread);
    this.#note(row);
    return { ok: true, said: said(shown), state: "denied", by: decided.decidedBy! };
  }

  #expire(row: ApprovalRow, why = `Nobody answered approval #${row.number} in time`): void {
    this.#close(row, { state: "expired", endedAt: this.#room.now() });
    if (row.origin || !this.#room.registered) return;
    const said = `${why}: \`${row.tool}\` was not run.`;
    this.#hands.say(`expired:${row.id}`, said, row.thread);
    this.#hands.audit.record("host", `expired ${named(row)}`, row.input);
    this.#note(row);
  }

  /** Later turns know what became of it. */
  #note(row: ApprovalRow): void {
    const { transcript } = this.#hands;
    const text = `(${named(row)} ${fateOf(this.get(row.number)!)}: the call was not run.)`;
    const session = transcript.session(row.thread).id;
    transcript.addOurs({ id: this.#room.newId(), role: "note", text, thread: row.thread, session });
  }

  /** The message that asked says how it ended, here or in main, and its buttons go. */
  #close(row: ApprovalRow, change: Partial<ApprovalRow>): void {
    const shown = this.#room.db
      .select()
      .from(outbox)
      .where(eq(outbox.key, keyOf(row)))
      .get();
    this.change(row.id, { ...change, relay: !shown && !row.origin });
    if (!shown?.choices || !this.#room.channel?.limits.buttons) return;
    const text = ended(shown.text, { ...row, ...change });
    this.#hands.outbox.amend(shown.id, text);
    this.#hands.transcript.amend(shown.id, text);
  }

  #hash(tool: string, input: string): string {
    return boundTo({ chat: this.#room.address, tool, input }, this.#hands.workspace);
  }
}

function waiting({ number, why }: ApprovalRow, { kind }: TurnRow): string {
  if (kind === "agent")
    return `Awaiting approval #${number}; not run yet. It runs once somebody of this chat approves it. Do not call it again.`;
  const otherwise = why === FROM_OUTSIDE ? " Or somebody of this chat asks for it again after /new." : "";
  return `Awaiting approval #${number}; not run yet. Say so and end: once it is approved it runs, and you are woken with its result.${otherwise}`;
}

/** The stored call is the first step after the model's answer that asked for it. */
export function stepOf(turn: Pick<TurnRow, "id">): string {
  return `${turn.id}.main.1`;
}

function keyOf(row: ApprovalRow): string {
  return `approval:${row.id}`;
}

function blank() {
  const nobody = {
    origin: null,
    originNumber: null,
    turn: null,
    step: null,
    decidedBy: null,
    decidedIn: null,
  };
  const nothing = { run: null, endedAt: null, result: null, asker: null, thread: "", input: "", why: "" };
  return { ...nobody, ...nothing, state: "asked" as const, relay: false, trust: "owner" as const };
}
