import type { Notebook } from "../../agent/notebook.ts";
import type { Shell } from "../../agent/shell.ts";
import { Container, NoContainers } from "../../sandbox/container.ts";
import { type ContainerOptions, containerShell } from "../../sandbox/container-shell.ts";
import type { Hands, Reach } from "../../sandbox/hands.ts";
import { newToken } from "../clock.ts";
import { madeByMain } from "../messages/actors.ts";
import type { Room } from "../room.ts";
import type { TurnRow } from "./turns.ts";

/** Where a group's commands run. */
export class Workshop {
  readonly #room: Room;
  readonly #container: Container | undefined;

  constructor(room: Room) {
    this.#room = room;
    const hands = handsOf(room);
    this.#container =
      hands &&
      new Container(hands, newToken, {
        get: () => room.get("keptRun"),
        set: (run) => room.set("keptRun", run),
      });
  }

  /** Whether commands run in a container. */
  get isContainer(): boolean {
    return this.#container !== undefined && this.#room.get("noContainers") === undefined;
  }

  /** In words, for `status`. */
  describe(): string {
    if (!this.#container) return "embedded shell";
    return this.#room.get("noContainers") ?? "container";
  }

  /** The container, or the embedded shell where there is none. */
  shell(notebook: Notebook, options: ContainerOptions, embedded: Shell): Shell {
    if (!this.#container) return embedded;
    const inContainer = containerShell(this.#container, notebook, options);
    return {
      exec: (request) =>
        this.#either(
          () => inContainer.exec(request),
          () => embedded.exec(request),
        ),
    };
  }

  /** An account without containers says so before anything has run. It may get them: each command asks again. */
  async #either<T>(inContainer: () => Promise<T>, embedded: () => Promise<T>): Promise<T> {
    try {
      const result = await inContainer();
      if (this.#room.get("noContainers") !== undefined) this.#room.clear("noContainers");
      return result;
    } catch (error) {
      if (!(error instanceof NoContainers)) throw error;
      if (this.#room.get("noContainers") === undefined) this.#room.set("noContainers", NO_CONTAINERS);
      return embedded();
    }
  }
}

const NO_CONTAINERS =
  "embedded shell: this account has no containers enabled. Enable them in Cloudflare's dashboard, or deploy without --env sandbox.";

/** Which hosts the commands of a turn may reach. */
export function reachOf(room: Room, turn: TurnRow): Reach {
  const egress = room.settings?.egress ?? "allowlist";
  return { egress, outside: turn.trust === "outside", main: room.main && madeByMain(room, turn) };
}

/** One container for each group; an id of the SDK has up to 63 characters. */
function handsOf({ env, ctx }: Room): Hands | undefined {
  if (!env.SANDBOX) return undefined;
  return env.SANDBOX.getByName(`group-${ctx.id.toString().slice(0, 40)}`) as unknown as Hands;
}
