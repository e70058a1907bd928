import { type Action, authorize } from "../../agent/authorize.ts";
import type { Address } from "../../channels/channel.ts";
import type { pending } from "../directory-schema.ts";
import type { GroupSettings, SettingsChange, Told } from "../rpc.ts";
import type { Arrivals } from "./arrivals.ts";
import type { Groups } from "./groups.ts";
import type { Office } from "./office.ts";
import { type GroupRow, HOUSE, settingsOf } from "./settings.ts";

type Waiting = typeof pending.$inferSelect;
type Verb = Extract<Action, { kind: "group" }>["verb"];

/** What main says about groups, and what it is answered, in sentences. */
export class Registry {
  readonly #groups: Groups;
  readonly #arrivals: Arrivals;
  readonly #office: Office;

  constructor(groups: Groups, arrivals: Arrivals, office: Office) {
    this.#groups = groups;
    this.#arrivals = arrivals;
    this.#office = office;
  }

  approve(code: string, by?: Address): string {
    const refusal = this.#refusal(by, "register", code);
    if (refusal) return refusal;
    const settings = this.#arrivals.approve(code, by ?? "console");
    if (!settings)
      return "No chat waits with that code. Codes last one hour; the person gets a new one with their next message.";
    return `${settings.name} (${settings.address}) may talk to me now.`;
  }

  /** By address or title of a chat that waits (`Title #2` of several), by pairing code, or a group that was removed. */
  register(asked: string, by?: Address): Told {
    const refusal = this.#refusal(by, "register", asked);
    if (refusal) return refused(refusal);
    const name = asked.trim();
    const waiting = this.#choose(name);
    if (waiting.length === 1) return this.#admit(waiting[0]!, by);
    if (waiting.length > 1) return refused(choice(name, waiting));
    const paired = this.#arrivals.approve(name, by ?? "console");
    if (paired) return done(`${paired.name} (${paired.address}) may talk to me now.`);
    const [known, other] = this.#groups.find(name);
    if (!known)
      return refused(
        `No chat called "${name}" waits to be registered. Add me to the chat, address me there once, and try again.`,
      );
    if (known.registered) return done(`"${known.name}" is registered already.`);
    if (other)
      return refused(
        `Several removed groups are called "${name}". Write the address, e.g. add group ${known.address}`,
      );
    return this.#admit({ address: known.address, title: known.name }, by, known.type);
  }

  remove(asked: string, by?: Address): Told {
    return this.#one(asked, "remove", by, (row) => {
      if (Object.hasOwn(HOUSE, row.address))
        return refused(`"${row.name}" is a console of this install and cannot be removed.`);
      if (!row.registered) return refused(`"${row.name}" is not registered.`);
      this.#office.transaction(() => this.#groups.remove(row, by ?? "console"));
      return done(
        `"${row.name}" is removed: I am silent there. Its files are kept in the folder ${row.folder}.`,
      );
    });
  }

  configure(asked: string, change: SettingsChange, by?: Address): Told {
    return this.#one(asked, "configure", by, (row) => {
      const { name } = this.#groups.configure(row, change, by ?? "console");
      return done(`The settings of "${name}" are changed.`);
    });
  }

  /** The one group of this address, name or folder. To who may not list groups there is none. */
  find(asked: string, by?: Address): GroupSettings | undefined {
    if (this.#refusal(by, "list", asked)) return undefined;
    const found = this.#groups.find(asked);
    return found.length === 1 ? settingsOf(found[0]!) : undefined;
  }

  describe(by?: Address): string {
    const refusal = this.#refusal(by, "list", "all groups");
    if (refusal) return refusal;
    const groups = this.#groups.list().filter((row) => row.registered);
    const lines = groups.map((row) => `- ${row.name} (${row.address})${row.main ? ", main" : ""}`);
    const waiting = this.#arrivals.list().map((row) => `- ${row.title} (${row.address})`);
    return [
      "Groups:",
      ...lines,
      ...(waiting.length > 0 ? ["Waiting to be registered:", ...waiting] : []),
    ].join("\n");
  }

  /** Asked here too, where the rows are: the chat that asks may have lost its rights a moment ago. */
  #refusal(by: Address | undefined, verb: Verb, about: string): string | undefined {
    const verdict = authorize(this.#groups.actor(by), { kind: "group", verb });
    if (verdict.ok) return undefined;
    const subject = `${verb} ${about}`.slice(0, 200);
    this.#office.record({ what: "refused", subject, who: "a chat", from: by ?? "console" });
    return verdict.reason;
  }

  #admit(chat: Pick<Waiting, "address" | "title">, by?: Address, type: GroupRow["type"] = "group"): Told {
    const deed = { what: "registered" as const, who: "main", from: by ?? "console" };
    const settings = this.#office.transaction(() =>
      this.#groups.register({ ...chat, type }, { main: false }, deed),
    );
    const when = type === "group" ? "answer there when I am addressed" : "answer there";
    return done(`"${settings.name}" is registered: I ${when}. Its folder is ${settings.folder}.`);
  }

  #choose(name: string): Waiting[] {
    const waiting = this.#arrivals.waiting(name);
    const numbered = /^(.*\S)\s*#(\d+)$/.exec(name);
    if (waiting.length > 0 || !numbered) return waiting;
    const chosen = this.#arrivals.waiting(numbered[1]!)[Number(numbered[2]) - 1];
    return chosen ? [chosen] : [];
  }

  #one(asked: string, verb: Verb, by: Address | undefined, then: (row: GroupRow) => Told): Told {
    const refusal = this.#refusal(by, verb, asked);
    if (refusal) return refused(refusal);
    const found = this.#groups.find(asked.trim());
    if (found.length === 1) return then(found[0]!);
    if (found.length === 0) return refused(`There is no group called "${asked.trim()}".`);
    const lines = found.map((row) => `- ${row.address} (folder ${row.folder})`);
    const several = `Several groups are called "${asked.trim()}". Write the address of the one you mean:`;
    return refused([several, ...lines].join("\n"));
  }
}

function done(said: string): Told {
  return { ok: true, said };
}

function refused(said: string): Told {
  return { ok: false, said };
}

function choice(name: string, waiting: Waiting[]): string {
  const lines = waiting.map((row, index) => `${index + 1}. ${row.title} (${row.address})`);
  return [
    "Several chats have that title:",
    ...lines,
    `Write the number too, e.g. add group "${name} #1"`,
  ].join("\n");
}
