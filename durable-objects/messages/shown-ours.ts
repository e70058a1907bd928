import { planParts } from "../../channels/files.ts";
import type { ShownMessage } from "../../channels/web/frames.ts";
import { shownFiles, web } from "../../channels/web/index.ts";
import type { messages } from "../schema.ts";

/** What the assistant said as a console shows it, under the ids with which its parts were sent. */
export function shownOurs(
  { id, text, at, extra }: Pick<typeof messages.$inferSelect, "id" | "text" | "at" | "extra">,
  name: string,
): ShownMessage[] {
  const files = extra.files ?? [];
  return planParts(web.render(text), files, web.limits.files).map((part, index) => ({
    id: index === 0 ? id : `${id}:${index}`,
    from: "assistant",
    name,
    text: part.plain,
    html: part.body,
    at,
    ...shownFiles(part.files?.map((place) => files[place]!)),
  }));
}
