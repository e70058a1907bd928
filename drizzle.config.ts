import { defineConfig } from "drizzle-kit";

const schemas = {
  group: "./durable-objects/schema.ts",
  directory: "./durable-objects/directory/schema.ts",
  links: "./durable-objects/links/schema.ts",
};

// One schema per kind of object: `OBJECT=directory npx drizzle-kit generate --name what-changed`.
const object = (process.env.OBJECT ?? "group") as keyof typeof schemas;

export default defineConfig({
  dialect: "sqlite",
  driver: "durable-sqlite",
  schema: schemas[object],
  out: `./migrations/${object}`,
});
