import { and, eq, inArray, or, sql } from "drizzle-orm";
import { readEgress, whyNoEgress } from "../../agent/egress.ts";
import { GateError } from "../../agent/web/gate-error.ts";
import { guardedFetch } from "../../agent/web/guarded-fetch.ts";
import { formsOf } from "../../agent/web/mentions.ts";
import { BRAVE, NO_KEY, SearchError, search } from "../../agent/web/search.ts";
import type { Web } from "../../agent/web/web.ts";
import { outboundPorts } from "../outbound.ts";
import type { Room } from "../room.ts";
import { inbox, messages, steps, turns } from "../schema.ts";
import { lower } from "./turn-trust.ts";
import type { TurnRow } from "./turns.ts";

/** Bytes of a page or file that are read. */
const LARGEST = 10 * 1024 * 1024;

const MADE_UP =
  "This conversation has read text from outside, so only addresses are opened that people wrote here or that stood on what was searched or fetched; this one was put together. Ask the person for it, or for /new.";

/** What the web's tools may do in one turn. `refused` keeps a refusal for the audit; `granted`: somebody looked at the call. */
export function webOf(
  room: Room,
  turn: TurnRow,
  signal: AbortSignal,
  refused: (what: string, why: string) => void,
  granted = false,
): Web {
  const { config } = room;
  const allowed = (host: string) => whyOffline(room, host);
  const ports = { ...outboundPorts(config, config.WEB_FETCH_ALLOW), allowed };
  // In the tick of the request: whatever answers, the turn has read it.
  const reading = (url: string, init: RequestInit) => {
    lower(room, turn, "outside");
    return ports.fetch(url, init);
  };
  const audited = (url: string, error: unknown) => {
    const isOurs = error instanceof GateError && (error.reason === "address" || error.reason === "egress");
    if (isOurs) refused(`to ${url.slice(0, 200)}`, error.message);
    return error;
  };
  return {
    async get(url) {
      try {
        if (turn.trust === "outside" && !granted && !isWritten(room, turn, url))
          throw new GateError("egress", MADE_UP);
        return await guardedFetch(url, { signal, maxBytes: LARGEST }, { ...ports, fetch: reading });
      } catch (error) {
        throw audited(url, error);
      }
    },
    async search(query, count) {
      const { BRAVE_API_KEY: key, BRAVE_API_BASE: base = BRAVE } = config.vars;
      const offline = whyOffline(room, new URL(base).hostname);
      if (offline) throw new SearchError(offline);
      if (!key) throw new SearchError(NO_KEY);
      return search(reading, { base: base.replace(/\/$/, ""), key }, query, count, signal);
    },
  };
}

/** The list of hosts is for commands; a group that may reach nothing has no web either. */
function whyOffline(room: Room, host: string): string | undefined {
  const egress = readEgress(room.settings?.egress);
  return egress.mode === "none" ? whyNoEgress(host, egress) : undefined;
}

/** Whether a person of this session wrote the address, or the web's tools showed it. */
export function isWritten(room: Room, turn: TurnRow, url: string): boolean {
  const forms = formsOf(url);
  const holds = (text: ReturnType<typeof sql>) =>
    or(...forms.map((form) => sql`instr(${text}, ${form}) > 0`));
  // Markdown puts a backslash before some signs of an address.
  const shown = sql`replace(${steps.output}, '\\', '')`;
  const ofSession = room.db.select({ id: turns.id }).from(turns).where(eq(turns.session, turn.session));
  const fromWeb = and(inArray(steps.turn, ofSession), inArray(steps.name, ["web_search", "web_fetch"]));
  const said = and(eq(messages.session, turn.session), eq(messages.role, "person"));
  return (
    room.db
      .select({ id: steps.id })
      .from(steps)
      .where(and(fromWeb, holds(shown)))
      .limit(1)
      .get() !== undefined ||
    room.db
      .select({ id: messages.id })
      .from(messages)
      .where(and(said, holds(sql`${messages.text}`)))
      .limit(1)
      .get() !== undefined ||
    room.db
      .select({ id: inbox.id })
      .from(inbox)
      .where(and(eq(inbox.turn, turn.id), holds(sql`${inbox.text}`)))
      .limit(1)
      .get() !== undefined
  );
}
