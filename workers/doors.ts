import type { Config } from "../durable-objects/config.ts";

/** What hono's handlers share. */
export interface Doors {
  Bindings: Env;
  Variables: { config: Config };
}
