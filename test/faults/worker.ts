import { telegram } from "../../channels/telegram/index.ts";
import { Directory as RealDirectory } from "../../durable-objects/directory.ts";
import { Group as RealGroup } from "../../durable-objects/group.ts";
import worker from "../../workers/index.ts";
import { look } from "./found.ts";
import { Meter } from "./meter.ts";
import { ownerOf, planOf } from "./plan.ts";

export default worker;

// Streamed edits are soon enough for a test, and nobody waits for Telegram's minute.
Object.assign(telegram.limits, { editIntervalMs: 25, perMinute: 1000 });

/** The meter of each object's present construction. */
const meters = new Map<string, Meter>();

const realFetch = globalThis.fetch;
globalThis.fetch = ((input: RequestInfo | URL, init?: RequestInit) => {
  const { pathname } = new URL(input instanceof Request ? input.url : input);
  const owner = ownerOf(textOf(init?.body));
  const meter = owner === undefined ? undefined : meters.get(owner);
  // The tests steer the peers from this same isolate.
  if (!meter || pathname.startsWith("/control/")) return realFetch(input, init);
  return meter.effect("fetch", pathname.split("/").at(-1)!, () => realFetch(input, init));
}) as typeof fetch;

/** A form with files names the chat in a field. */
function textOf(body: unknown): string {
  if (body instanceof FormData) return String(body.get("chat_id"));
  return typeof body === "string" ? body : "";
}

/** The real Group, on a storage that counts and with bindings that count. */
export class Group extends RealGroup {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, prepared(ctx, env));
  }

  override async alarm(): Promise<void> {
    const plan = planOf(this.ctx.id.name ?? "");
    if (plan) plan.armed = undefined;
    if (plan?.found) plan.found.rung = true;
    return super.alarm();
  }
}

/** The real Directory, in the same way. */
export class Directory extends RealDirectory {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, prepared(ctx, env));
  }
}

function prepared(ctx: DurableObjectState, env: Env): Env {
  const name = ctx.id.name ?? "";
  const meter = new Meter(ctx);
  meters.set(name, meter);
  const plan = planOf(name);
  if (plan?.hit && !plan.found) look(ctx, plan);
  if (plan) plan.armed = undefined;
  meter.watchStorage();
  return {
    ...env,
    FILES: meter.watch(env.FILES, "files"),
    GROUP: meter.watchNamespace(env.GROUP, "group"),
    DIRECTORY: meter.watchNamespace(env.DIRECTORY, "directory"),
  };
}
