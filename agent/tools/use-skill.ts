import * as z from "zod";
import { defineTool, ToolError } from "./tool.ts";

export const useSkill = defineTool({
  name: "use_skill",
  description: "A skill's text.",
  schema: z.object({ name: z.string() }),
  risk: "read",
  touches: [],
  async run({ name }, { skills }) {
    const skill = skills.find((each) => each.name === name.trim().toLowerCase());
    if (skill) return `(${skill.path})\n${skill.text}`;
    const names = skills.map((each) => each.name).join(", ");
    throw new ToolError(
      `There is no skill "${name.slice(0, 80)}". ${names ? `Skills: ${names}.` : ""}`.trim(),
    );
  },
});
