import agents from "./AGENTS.md";
import heartbeat from "./HEARTBEAT.md";
import soul from "./SOUL.md";
import tools from "./TOOLS.md";
import user from "./USER.md";

/** What a new install finds in its global folder, by file name. */
export const GLOBAL_TEMPLATES: Record<string, string> = {
  "AGENTS.md": agents,
  "SOUL.md": soul,
  "USER.md": user,
  "TOOLS.md": tools,
};

/** What a new group finds in its own folder. */
export const GROUP_TEMPLATES: Record<string, string> = { "HEARTBEAT.md": heartbeat };
