import { app } from "./app.ts";
import { sweep } from "./sweep.ts";

export { Directory } from "../durable-objects/directory.ts";
export { Group } from "../durable-objects/group.ts";
export { Links } from "../durable-objects/links/links.ts";

export default {
  fetch: app.fetch,
  async scheduled(_, env) {
    await sweep(env);
  },
} satisfies ExportedHandler<Env>;
