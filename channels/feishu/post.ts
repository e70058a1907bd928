import * as z from "zod";
import { attachment } from "./attachment.ts";
import type { Content } from "./content.ts";

const field = z.string().catch("");

const element = z.object({
  tag: field,
  text: field,
  href: field,
  user_id: field,
  user_name: field,
  image_key: field,
  file_key: field,
  emoji_type: field,
  language: field,
});
const line = z.array(element.catch(element.parse({}))).catch([]);
const post = z.object({ title: field, content: z.array(line) });

type Element = z.infer<typeof element>;

/** Reads rich text: lines of elements, bare or under a language. */
export function postOf(content: object, messageId: string): Content {
  const found = [content, ...Object.values(content)]
    .map((one) => post.safeParse(one))
    .find((one) => one.success);
  if (!found?.success) return { text: "", attachments: [] };
  const { title, content: lines } = found.data;
  const text = [title, ...lines.map((one) => one.map(written).join(""))].join("\n").trim();
  return { text, attachments: lines.flat().flatMap((one) => fileOf(one, messageId)) };
}

function written({ tag, text, href, user_id, user_name, emoji_type, language }: Element): string {
  switch (tag) {
    case "a":
      return text && text !== href ? `[${text}](${href})` : href;
    case "at":
      return user_id.startsWith("@_") ? user_id : `@${user_name || user_id}`;
    case "code_block":
      return `\`\`\`${language.toLowerCase()}\n${text.replace(/\n$/, "")}\n\`\`\``;
    case "emotion":
      return `[${emoji_type}]`;
    case "hr":
      return "---";
    default:
      return text;
  }
}

function fileOf({ tag, image_key, file_key }: Element, messageId: string) {
  const short = (key: string) => key.replace(/\W/g, "").slice(-8);
  if (tag === "img") return attachment(messageId, "image", image_key, `image-${short(image_key)}.jpg`);
  return tag === "media" ? attachment(messageId, "video", file_key, `video-${short(file_key)}.mp4`) : [];
}
