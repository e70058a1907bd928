import * as z from "zod";
import type { ChannelEnv } from "../channel.ts";
import { type FileLimits, isPicture, type OutgoingFile } from "../files.ts";
import { call, type Refusal, Silence } from "./api.ts";

const MB = 1024 * 1024;
const TIMEOUT_MS = 60_000;

/** https://open.feishu.cn/document/server-docs/im-v1/image/create and .../file/create */
export const FILES: FileLimits = {
  bytes: 30 * MB,
  together: 1,
  mixed: false,
  // A picture or a file is a message of its own.
  caption: 0,
  pictures: { mimes: ["image/jpeg", "image/png", "image/gif", "image/webp"], bytes: 10 * MB },
};

/** What Feishu shows inside its own reader, by the end of the name; anything else is `stream`. */
const SHOWN: Record<string, string> = {
  ...{ pdf: "pdf", mp4: "mp4", doc: "doc", docx: "doc" },
  ...{ xls: "xls", xlsx: "xls", ppt: "ppt", pptx: "ppt" },
};

const uploaded = z.object({
  data: z.object({ image_key: z.string().optional(), file_key: z.string().optional() }),
});

/** A message of a file. */
export interface FileContent {
  msg_type: "image" | "file";
  content: string;
}

/**
 * Brings a file to Feishu; nobody sees it until a message names it, so it may be done again. Throws `Silence` before
 * anything was sent.
 */
export async function uploadFile(file: OutgoingFile, env: ChannelEnv): Promise<FileContent | Refusal> {
  const picture = isPicture(file, FILES);
  const path = picture ? "/im/v1/images" : "/im/v1/files";
  const body = picture ? pictureForm(file) : fileForm(file);
  const answer = await call(env, { method: "POST", path, body, timeoutMs: TIMEOUT_MS }).catch((error) => {
    throw new Silence("token", error);
  });
  if (!answer.ok) return { ...answer, before: true };
  const { image_key, file_key } = uploaded.safeParse(answer.data).data?.data ?? {};
  if (!(image_key ?? file_key)) throw new Silence("token");
  return picture
    ? { msg_type: "image", content: JSON.stringify({ image_key }) }
    : { msg_type: "file", content: JSON.stringify({ file_key }) };
}

function pictureForm(file: OutgoingFile): FormData {
  const form = new FormData();
  form.set("image_type", "message");
  form.set("image", new Blob([file.bytes!], { type: file.mime }), file.name);
  return form;
}

function fileForm(file: OutgoingFile): FormData {
  const form = new FormData();
  form.set("file_type", SHOWN[file.name.split(".").at(-1)!.toLowerCase()] ?? "stream");
  form.set("file_name", file.name);
  form.set("file", new Blob([file.bytes!], { type: file.mime }), file.name);
  return form;
}
