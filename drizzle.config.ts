import { defineConfig } from "drizzle-kit";

// One schema per kind of object: `OBJECT=directory npx drizzle-kit generate --name what-changed`.
const object = process.env.OBJECT === "directory" ? "directory" : "group";

export default defineConfig({
  dialect: "sqlite",
  driver: "durable-sqlite",
  schema: object === "group" ? "./durable-objects/schema.ts" : "./durable-objects/directory-schema.ts",
  out: `./migrations/${object}`,
});
