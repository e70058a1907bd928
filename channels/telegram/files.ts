import { GrammyError } from "grammy/web";
import type { ChannelEnv, Part, Send } from "../channel.ts";
import { isPicture, type OutgoingFile } from "../files.ts";
import { upload } from "./api.ts";
import { FILES } from "./limits.ts";

type Saying = Extract<Send, { type: "message" }> & { files: OutgoingFile[] };
interface Sent {
  message_id: number;
}

/** Telegram shows pictures up to a size and of a common shape: https://core.telegram.org/bots/api#sendphoto */
const NO_PHOTO = /PHOTO_|IMAGE_PROCESS_FAILED|photo (?:dimensions|has)/i;

/**
 * Sends files as one message, the text as its caption; several become an album. Answers the first message's id. Throws
 * as `apiOf` does.
 * @param place topic and what is answered
 */
export async function sendFiles(send: Saying, place: object, env: ChannelEnv): Promise<number> {
  const [only, ...more] = send.files;
  const fields = { chat_id: send.to.chatId, ...place };
  const caption = captionOf(send.part, send.asPlain);
  if (more.length > 0) return album(send.files, fields, caption, env);
  const single = (kind: Kind) =>
    upload<Sent>(env, METHODS[kind], formOf({ ...fields, ...caption }, { [kind]: only! }));
  const sent = isShown(only!)
    ? single("photo").catch(orDocument(() => single("document")))
    : single("document");
  return (await sent).message_id;
}

type Kind = "photo" | "document";
const METHODS = { photo: "sendPhoto", document: "sendDocument" } as const;

/** A picture that cannot be shown can still be had. */
function orDocument(document: () => Promise<Sent>) {
  return (error: unknown) => {
    if (error instanceof GrammyError && NO_PHOTO.test(error.description)) return document();
    throw error;
  };
}

async function album(files: OutgoingFile[], fields: object, caption: object, env: ChannelEnv) {
  const type: Kind = isShown(files[0]!) ? "photo" : "document";
  const media = files.map((_, place) => ({
    ...{ type, media: `attach://file${place}` },
    ...(place === 0 ? caption : {}),
  }));
  const named = Object.fromEntries(files.map((file, place) => [`file${place}`, file]));
  const sent = await upload<Sent[]>(env, "sendMediaGroup", formOf({ ...fields, media }, named));
  return sent[0]!.message_id;
}

function isShown(file: OutgoingFile): boolean {
  return isPicture(file, FILES);
}

function captionOf({ body, plain }: Part, asPlain = false) {
  if (body === "") return {};
  return asPlain ? { caption: plain } : { caption: body, parse_mode: "HTML" };
}

function formOf(fields: object, files: Record<string, OutgoingFile>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields))
    form.set(name, typeof value === "object" ? JSON.stringify(value) : String(value));
  for (const [name, file] of Object.entries(files))
    form.set(name, new Blob([file.bytes!], { type: file.mime }), file.name);
  return form;
}
