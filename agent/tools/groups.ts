import { z } from "zod";
import { defineTool } from "./tool.ts";

const named = z.object({ name: z.string().trim().min(1) });

export const registerGroup = defineTool({
  name: "register_group",
  description: "Start answering in a pending chat, by title, address or pairing code.",
  schema: named,
  risk: "idempotent",
  touches: ["writes"],
  run: ({ name }, { groups }) => groups.register(name),
});

export const removeGroup = defineTool({
  name: "remove_group",
  description: "Stop answering in a group. Its files stay.",
  schema: named,
  risk: "idempotent",
  touches: ["writes"],
  run: ({ name }, { groups }) => groups.remove(name),
});

export const listGroups = defineTool({
  name: "list_groups",
  description: "List all groups and pending chats.",
  schema: z.object({}),
  risk: "read",
  touches: ["private"],
  run: (_, { groups }) => groups.list(),
});
