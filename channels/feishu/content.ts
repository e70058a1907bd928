import * as z from "zod";
import type { Attachment } from "../channel.ts";
import { jsonOf } from "../json.ts";
import { attachment } from "./attachment.ts";
import { postOf } from "./post.ts";

/** What a message says, with mentions still as keys (`@_user_1`), and the files that it carries. */
export interface Content {
  text: string;
  attachments: Attachment[];
}

const field = z.string().catch("");

/** Degrees, as text or as a number. */
const place = z.union([z.string(), z.number().transform(String)]).catch("");

const fields = z.object({
  text: field,
  title: field,
  name: field,
  topic: field,
  image_key: field,
  file_key: field,
  file_name: field,
  longitude: place,
  latitude: place,
  options: z.array(z.string()).catch([]),
});

type Fields = z.infer<typeof fields>;

/**
 * Reads a message's `content` by its type. What the platform shows as a card becomes a line in brackets, and so does
 * a type that we do not know.
 * https://open.feishu.cn/document/server-docs/im-v1/message-content-description/message_content
 */
export function contentOf(type: string, json: string, messageId: string): Content {
  const content = objectOf(jsonOf(json));
  const said = fields.parse(content);
  const file = (kind: Attachment["kind"], name: string, key = said.file_key) =>
    attachment(messageId, kind, key, name);
  const short = messageId.slice(-8);
  switch (type) {
    case "text":
      return only(said.text);
    case "post":
      return postOf(content, messageId);
    case "image":
      return { text: "", attachments: file("image", `image-${short}.jpg`, said.image_key) };
    case "file":
      return { text: "", attachments: file("file", said.file_name || `file-${short}`) };
    case "audio":
      return { text: "", attachments: file("voice", `voice-${short}.opus`) };
    case "media":
      return { text: "", attachments: file("video", said.file_name || `video-${short}.mp4`) };
    default:
      return only(described(type, said));
  }
}

function described(type: string, said: Fields): string {
  const about = {
    sticker: "sticker",
    share_chat: "a group's card",
    share_user: "a person's card",
    location: told("location", said.name, said.latitude, said.longitude),
    interactive: told("card", said.title),
    vote: told("poll", said.topic, said.options.join(" / ")),
    merge_forward: "forwarded messages",
    system: "",
  }[type];
  if (about === "") return "";
  return `[${about ?? `${type.replace(/[^\w -]/g, "").slice(0, 40)} message`}]`;
}

function told(what: string, ...about: string[]): string {
  const known = about.filter((one) => one !== "");
  return known.length > 0 ? `${what}: ${known.join(", ")}` : what;
}

function only(text: string): Content {
  return { text, attachments: [] };
}

function objectOf(value: unknown): object {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}
