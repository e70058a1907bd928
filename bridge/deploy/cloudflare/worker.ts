/**
 * Keeps one container with the companion up, around the clock. What it is told are this Worker's secrets of the same
 * names; WhatsApp never, since the disk goes with the container: docs/decisions/0014-no-account-in-a-container.md.
 */
import { createHash } from "node:crypto";

interface Env {
  COMPANION: DurableObjectNamespace;
  [name: string]: unknown;
}

const TOLD = /^(?:NANOFLARE_URL|BRIDGE_TOKEN|COMPANION_LOG|(?:DISCORD|FEISHU|TELEGRAM)_[A-Z_]+)$/;

const SIGTERM = 15;

/** The object of the container. */
export class Companion {
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  #watched: Promise<void> | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    this.#ctx = ctx;
    this.#env = env;
  }

  /**
   * Starts the container where it does not run, ends it where it was told otherwise than it would be now, and looks after
   * it until it ends.
   */
  async fetch(): Promise<Response> {
    const container = this.#ctx.container!;
    const env = toldBy(this.#env);
    const digest = createHash("sha256").update(JSON.stringify(env)).digest("hex");
    if (!container.running) {
      await this.#ctx.storage.put("told", digest);
      container.start({ enableInternet: true, env });
    } else if ((await this.#ctx.storage.get("told")) !== digest) container.signal(SIGTERM);
    this.#watched ??= container
      .monitor()
      .catch((error: Error) => console.error(`The companion ended: ${error.message}`))
      .finally(() => {
        this.#watched = undefined;
      });
    return new Response(null, { status: 204 });
  }
}

function toldBy(env: Env): Record<string, string> {
  const told = Object.entries(env).filter(
    (entry): entry is [string, string] => TOLD.test(entry[0]) && typeof entry[1] === "string",
  );
  return { ...Object.fromEntries(told), WHATSAPP_ENABLED: "false" };
}

export default {
  async scheduled(_, env) {
    await env.COMPANION.getByName("companion").fetch("https://companion/");
  },
  fetch: () => new Response("Nothing is served here.\n", { status: 404 }),
} satisfies ExportedHandler<Env>;
