import { eq } from "drizzle-orm";
import type { Answered } from "../../agent/mcp/answer.ts";
import type { McpClient, McpTrouble } from "../../agent/mcp/client.ts";
import type { ListedTool, McpServer } from "../../agent/mcp/servers.ts";
import { mcpTools } from "../../agent/tools/mcp.ts";
import type { Tool } from "../../agent/tools/tool.ts";
import { ToolError } from "../../agent/tools/tool.ts";
import packageFile from "../../package.json";
import type { Room } from "../room.ts";
import { mcpFetch } from "./mcp-fetch.ts";
import type { McpView } from "./mcp-view.ts";
import { viewOf } from "./mcp-view.ts";
import { mcpServers } from "./schema.ts";

/** A list of tools is asked for again after so long; after failures in a row sooner, each time later. Milliseconds. */
const FRESH_MS = 3600_000;
const FIRST_PAUSE_MS = 60_000;

type Row = typeof mcpServers.$inferSelect;

/** The MCP servers of a group: which are on, what they offer, and calls to them. */
export class Mcp {
  readonly #room: Room;
  readonly #asking = new Map<string, Promise<void>>();
  /** Connections of turns that run, by turn and server. */
  readonly #open = new Map<string, Map<string, Promise<McpClient>>>();

  constructor(room: Room) {
    this.#room = room;
  }

  /** Whether main lets this group use a server: those that its setting names; without one, all in main. */
  isOn(name: string): boolean {
    const { settings, main } = this.#room;
    if (!settings?.mcp) return main;
    return settings.mcp.includes(name) || settings.mcp.includes("all");
  }

  /** The tools of a turn. A server that never answered is waited for as long as it may take to connect. */
  async tools(): Promise<Tool[]> {
    const servers = this.#servers();
    const stale = servers.filter((server) => this.#isStale(server));
    const asked = stale.map((server) => this.#refresh(server));
    await Promise.all(asked.filter((_, index) => !this.#row(stale[index]!)?.listedAt));
    return servers.flatMap((server) => mcpTools(server, this.#row(server)?.tools ?? []));
  }

  /** The names of the tools that are known now. */
  toolNames(): string[] {
    return this.#servers()
      .flatMap((server) => mcpTools(server, this.#row(server)?.tools ?? []))
      .map(({ name }) => name);
  }

  /** Calls a tool for a turn. Throws `ToolError`, in words for the model. */
  async call(
    turn: string,
    name: string,
    tool: string,
    args: Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<Answered> {
    const server = this.#servers().find((one) => one.name === name);
    if (!server) throw new ToolError(`The MCP server ${name} is not on in this chat.`);
    const waits = { timeoutMs: server.timeoutMs, signal };
    try {
      return await (await this.#connection(turn, server, signal)).call(tool, args, waits);
    } catch (error) {
      this.#drop(turn, name);
      // It never saw the call: it knew nothing of the session that the call came in.
      if ((error as McpTrouble).expired)
        return await (await this.#connection(turn, server, signal)).call(tool, args, waits).catch(explain);
      return explain(error);
    }
  }

  /** Ends the connections of a turn. Nothing waits for it. */
  close(turn: string): void {
    for (const name of this.#open.get(turn)?.keys() ?? []) this.#drop(turn, name);
    this.#open.delete(turn);
  }

  /** How all servers of the install are for this group. `ask`: those that are on are asked anew. */
  async status(ask: boolean): Promise<McpView[]> {
    if (ask) await Promise.all(this.#servers().map((server) => this.#refresh(server)));
    return this.views();
  }

  /** The same, as far as it is known. */
  views(): McpView[] {
    return this.#room.config.mcpServers.map((server) =>
      viewOf(server, this.#row(server), this.isOn(server.name)),
    );
  }

  #servers(): McpServer[] {
    return this.#room.config.mcpServers.filter(({ name }) => this.isOn(name));
  }

  #row({ name, url }: McpServer): Row | undefined {
    const row = this.#room.db.select().from(mcpServers).where(eq(mcpServers.name, name)).get();
    return row?.url === url ? row : undefined;
  }

  #isStale(server: McpServer): boolean {
    const row = this.#row(server);
    if (!row) return true;
    const wait = row.failures === 0 ? FRESH_MS : Math.min(FRESH_MS, FIRST_PAUSE_MS * 2 ** (row.failures - 1));
    return row.triedAt + wait <= this.#room.now();
  }

  /** Asks a server for its tools, once at a time, and keeps what came of it. Never throws. */
  #refresh(server: McpServer): Promise<void> {
    const running = this.#asking.get(server.name);
    if (running) return running;
    const asking = this.#ask(server)
      .then(
        (tools) => this.#keep(server, { tools, listedAt: this.#room.now(), failures: 0, error: null }),
        (error: Error) => this.#failed(server, error),
      )
      .catch((error) => this.#room.report("an MCP server's tools could not be kept", error))
      .finally(() => this.#asking.delete(server.name));
    this.#asking.set(server.name, asking);
    return asking;
  }

  async #ask(server: McpServer): Promise<ListedTool[]> {
    const { signal } = new AbortController();
    const client = await this.#connect(server, signal);
    try {
      return await client.tools({ timeoutMs: server.connectMs, signal });
    } finally {
      void client.close();
    }
  }

  #failed(server: McpServer, error: Error): void {
    const failures = (this.#row(server)?.failures ?? 0) + 1;
    this.#room.trace("an MCP server did not answer", { server: server.name, why: error.message });
    this.#keep(server, { failures, error: error.message.slice(0, 300) });
  }

  #keep(server: McpServer, change: Partial<Row>): void {
    const { name, url } = server;
    const known = this.#row(server) ?? { name, url, tools: [], listedAt: 0, failures: 0, error: null };
    const row = { ...known, ...change, triedAt: this.#room.now() };
    this.#room.db
      .insert(mcpServers)
      .values(row)
      .onConflictDoUpdate({ target: mcpServers.name, set: row })
      .run();
  }

  #connection(turn: string, server: McpServer, signal: AbortSignal): Promise<McpClient> {
    const mine = this.#open.get(turn) ?? new Map<string, Promise<McpClient>>();
    this.#open.set(turn, mine);
    const open = mine.get(server.name) ?? this.#connect(server, signal);
    mine.set(server.name, open);
    return open;
  }

  /** The SDK's schemas take their time at a Worker's start-up: they are loaded by who needs them. */
  async #connect(server: McpServer, signal: AbortSignal): Promise<McpClient> {
    const { McpClient } = await import("../../agent/mcp/client.ts");
    return McpClient.open(server, mcpFetch(this.#room.config, server), packageFile.version, signal);
  }

  #drop(turn: string, name: string): void {
    const open = this.#open.get(turn)?.get(name);
    this.#open.get(turn)?.delete(name);
    void open?.then((client) => client.close()).catch(() => {});
  }
}

function explain(error: unknown): never {
  const { message, sent } = error as McpTrouble;
  throw new ToolError(
    sent ? `${message} Its outcome is unknown: check what it did before you repeat it.` : message,
  );
}
