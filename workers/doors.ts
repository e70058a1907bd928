import type { Actor } from "../agent/authorize.ts";
import type { Config } from "../durable-objects/config.ts";

/** What hono's handlers share. */
export interface Doors {
  Bindings: Env;
  /** `actor`: who asks, once it was found out. */
  Variables: { config: Config; actor?: Actor };
}
