import { DurableObject } from "cloudflare:workers";
import { authorize, type Verdict } from "../agent/authorize.ts";
import type { WrittenSettings } from "../agent/group-settings.ts";
import { type Author, type Change, type FileInfo, type FileResult, GLOBAL } from "../agent/notebook.ts";
import { GLOBAL_TEMPLATES } from "../agent/templates/index.ts";
import type { Address, Chat } from "../channels/channel.ts";
import migrations from "../migrations/directory/migrations.js";
import { readConfig } from "./config.ts";
import { openDatabase } from "./database.ts";
import { Arrivals } from "./directory/arrivals.ts";
import { Budget } from "./directory/budget.ts";
import { Codes } from "./directory/codes.ts";
import { Errands } from "./directory/errands.ts";
import { Globals } from "./directory/globals.ts";
import { Groups } from "./directory/groups.ts";
import type { McpTokenAnswer, McpTokenRequest } from "./directory/mcp-tokens.ts";
import { askerOf, Office } from "./directory/office.ts";
import { Registry } from "./directory/registry.ts";
import type {
  Arrival,
  ArriveRequest,
  AuditRequest,
  By,
  ByDue,
  Claim,
  CloseRequest,
  DirectoryRooms,
  DirectoryVerbs,
  GlobalSnapshot,
  GroupShown,
  InstallStatus,
  Opened,
  OpenRequest,
  RightsEntry,
  Told,
} from "./directory/rpc.ts";
import { NOT_REGISTERED, settingsOf, strangerOf } from "./directory/settings.ts";
import { statusOf } from "./directory/status.ts";
import type { FileVersion } from "./files/file-versions.ts";
import type { GroupSettings } from "./rpc.ts";

/**
 * The one object that knows all groups, their rights, the install's budget and its global files. No message passes it:
 * a turn calls it twice, a chat that is not registered when it is spoken to. Each verb is one transaction; what has to
 * follow elsewhere is an errand, a row that stays until it is done.
 */
export class Directory extends DurableObject<Env> implements DirectoryVerbs, DirectoryRooms {
  readonly #office: Office;
  readonly #errands: Errands;
  readonly #groups: Groups;
  readonly #arrivals: Arrivals;
  readonly #registry: Registry;
  readonly #codes: Codes;
  readonly #budget: Budget;
  readonly #globals: Globals;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const office = new Office(ctx, env, openDatabase(ctx, migrations), readConfig(env));
    this.#office = office;
    this.#errands = new Errands(office);
    this.#groups = new Groups(office, this.#errands);
    this.#arrivals = new Arrivals(office, this.#groups, this.#errands);
    this.#registry = new Registry(this.#groups, this.#arrivals, office);
    this.#codes = new Codes(office, this.#groups);
    this.#budget = new Budget(office, this.#errands);
    this.#globals = new Globals(office, GLOBAL_TEMPLATES);
    this.#boot();
  }

  /** A turn begins: rights, the version of settings and global files, and a share of the budget. */
  async open(request: OpenRequest): Promise<Opened> {
    await this.#globals.ready();
    const address = this.#groups.resolve(request.address);
    const opened = this.#office.transaction(() => {
      this.#groups.admitHouse(address);
      const known = this.#groups.get(address);
      if (!known?.registered) return { settings: strangerOf(address, request.chat), grant: NOT_REGISTERED };
      const group = this.#groups.retitle(known, request.chat.title);
      return { settings: settingsOf(group), grant: this.#budget.open(group, request) };
    });
    this.#follow();
    return { ...opened, globalVersion: this.#globals.version };
  }

  /** A turn ended: its cost replaces its share. */
  async close(request: CloseRequest): Promise<void> {
    this.#office.transaction(() => {
      const address = this.#budget.close(request);
      if (address) this.#groups.active(address, request.lastActivityAt);
    });
    this.#follow();
  }

  async due(address: Address, nextDueAt: number | null): Promise<void> {
    this.#groups.due(this.#groups.resolve(address), nextDueAt);
  }

  async tellMain(key: string, text: string): Promise<void> {
    this.#office.transaction(() => this.#errands.tell(key, text));
    this.#follow();
  }

  async lease(channel: string, sends: number): Promise<number> {
    return this.#office.allowance.lease(channel, sends, this.#office.now());
  }

  async mains(): Promise<Address[]> {
    return this.#errands.mains();
  }

  async byDue(by?: Address): Promise<ByDue> {
    const verdict = authorize(this.#groups.actor(by), { kind: "task", verb: "see", scope: "other" });
    if (!verdict.ok) return { groups: [], more: 0 };
    const { groups, more } = this.#groups.byDue();
    return { groups: groups.map((row) => settingsOf(row)), more };
  }

  async arrive(request: ArriveRequest): Promise<Arrival> {
    const arrival = this.#arrivals.arrive(request);
    this.#follow();
    return arrival;
  }

  async claimMain(code: string, address: Address, chat: Chat): Promise<Claim> {
    const claim = this.#codes.claim(code, this.#groups.resolve(address), chat);
    this.#follow();
    return claim;
  }

  async approve(code: string, by?: By): Promise<Told> {
    return this.#told(this.#registry.approve(code, by));
  }

  async register(titleOrAddress: string, by?: By, folder?: string): Promise<Told> {
    return this.#told(this.#registry.register(titleOrAddress, by, folder));
  }

  async remove(nameOrAddress: string, by?: By): Promise<Told> {
    return this.#told(this.#registry.remove(nameOrAddress, by));
  }

  async configure(nameOrAddress: string, change: WrittenSettings, by?: By): Promise<Told> {
    return this.#told(this.#registry.configure(nameOrAddress, change, by));
  }

  async pause(paused: boolean, nameOrAddress: string | undefined, by?: By): Promise<Told> {
    const said = this.#registry.pause(paused, nameOrAddress, by);
    if (nameOrAddress !== undefined) return this.#told(said);
    // Thousands of groups are not waited for.
    this.#follow();
    return said;
  }

  async show(nameOrAddress: string, by?: By): Promise<GroupShown> {
    return this.#registry.show(nameOrAddress, by);
  }

  async auditLog(request: AuditRequest, by?: By): Promise<RightsEntry[]> {
    const actor = this.#groups.actor(askerOf(by).address);
    return authorize(actor, { kind: "audit", verb: "read" }).ok ? this.#office.deeds(request) : [];
  }

  async describeGroups(by?: Address): Promise<string> {
    return this.#registry.describe(by);
  }

  async moved({ from, to }: { from: Address; to: Address }): Promise<Address> {
    return this.#groups.move(from, to);
  }

  async find(nameOrAddress: string, by?: Address): Promise<GroupSettings | undefined> {
    return this.#registry.find(nameOrAddress, by);
  }

  async status(): Promise<InstallStatus> {
    return statusOf(this.#office, this.#budget, this.#arrivals, this.#groups);
  }

  /** The watchdog's question. It writes nothing when nothing is owed. */
  async overdue(): Promise<Address[]> {
    this.#follow();
    return this.#groups.overdue();
  }

  async mainCode(): Promise<string> {
    return this.#codes.mainCode();
  }

  async adminLink(): Promise<string> {
    return this.#codes.adminLink();
  }

  async redeem(code: string): Promise<string | undefined> {
    return this.#codes.redeem(code);
  }

  async session(token: string): Promise<boolean> {
    return this.#codes.session(token);
  }

  async mcpTokens(request: McpTokenRequest): Promise<McpTokenAnswer> {
    return this.#codes.mcp.ask(request);
  }

  async globalSnapshot(sinceVersion: number): Promise<GlobalSnapshot> {
    await this.#globals.ready();
    return this.#globals.snapshot(sinceVersion);
  }

  async globalBytes(path: string): Promise<FileResult<{ bytes: Uint8Array; info: FileInfo }>> {
    return this.#globals.bytes(path);
  }

  async globalWrite(
    changes: Change[],
    author: Author,
    address: Address,
  ): Promise<FileResult<{ written: FileInfo[] }>> {
    const verdict = this.#may("write", address, author.trust);
    const [{ path } = { path: GLOBAL }] = changes;
    if (!verdict.ok) return { ok: false, error: "read-only", path, reason: verdict.reason };
    await this.#globals.ready();
    const written = await this.#globals.write(changes, author);
    if (written.ok) this.#wrote(changes.map(({ path }) => path).join(", "), author, address);
    return written;
  }

  async globalKept(by?: Address): Promise<string[]> {
    return this.#may("restore", by, "owner").ok ? this.#globals.kept() : [];
  }

  async globalVersions(path: string, by?: Address): Promise<FileVersion[]> {
    return this.#may("restore", by, "owner").ok ? this.#globals.versions(path) : [];
  }

  async globalRestore(
    path: string,
    version: number,
    author: Author,
    by?: Address,
  ): Promise<FileResult<{ written: FileInfo[] }>> {
    const verdict = this.#may("restore", by, author.trust);
    if (!verdict.ok) return { ok: false, error: "read-only", path, reason: verdict.reason };
    await this.#globals.ready();
    const restored = await this.#globals.restore(path, version, author);
    if (restored.ok) this.#wrote(path, author, by ?? "console", `version ${version} again`);
    return restored;
  }

  /** Looks after errands that a crash left. */
  override async alarm(): Promise<void> {
    await this.#errands.look();
  }

  /** The web console is main from the first start on, so that there is always someone to tell. */
  #boot(): void {
    if (!this.#groups.get("web:main")) this.#groups.admitHouse("web:main");
    this.ctx.waitUntil(this.#globals.ready());
    this.#follow();
  }

  #wrote(subject: string, author: Author, from: string, detail = `${author.name}, ${author.trust}`): void {
    this.#office.record({ what: "wrote", subject, who: author.by, from, detail });
  }

  #may(verb: "write" | "restore", by: Address | undefined, trust: Author["trust"]): Verdict {
    return authorize(this.#groups.actor(by), { kind: "file", verb, scope: "global" }, trust);
  }

  /** Starts what is owed and does not wait for it. */
  #follow(): void {
    if (this.#errands.owed()) this.ctx.waitUntil(this.#errands.run());
  }

  /** Answers a person once the group has heard of the change too, or will by the alarm. */
  async #told<T>(answer: T): Promise<T> {
    if (this.#errands.owed()) await this.#errands.run();
    return answer;
  }
}
