import { createHash } from "node:crypto";
import {
  type AnyMessageContent,
  downloadMediaMessage,
  type MiscMessageGenerationOptions,
  type WAMessage,
  type WASocket,
} from "baileys";
import { type Command, MEDIA_CAP, type Result } from "../../channels/frames.ts";
import type { Host } from "../connector.ts";
import type { Acks } from "./acks.ts";
import type { WhatsAppDisk } from "./disk.ts";

type Chatty = Exclude<Command, { do: "link" | "unlink" }>;

/** What the commands work with. */
export interface Tools {
  disk: WhatsAppDisk;
  acks: Acks;
  host: Host;
}

/** Does a command on an open socket. Never throws. */
export async function run(id: string, command: Chatty, socket: WASocket, tools: Tools): Promise<Result> {
  try {
    if (command.do === "download") return await download(command.ref, socket, tools);
    return await say(id, command, socket, tools);
  } catch (error) {
    // A message that is sent again has the same id: WhatsApp shows it once.
    return { outcome: "unknown", reason: `WhatsApp: ${(error as Error).message}` };
  }
}

/**
 * The id of a message, made of the command's: the same command is the same message, however often it is sent. It has the
 * form of WhatsApp's own.
 */
export function messageIdOf(command: string): string {
  return `3EB0${createHash("sha256").update(command).digest("hex").slice(0, 18).toUpperCase()}`;
}

async function say(
  id: string,
  command: Exclude<Chatty, { do: "download" }>,
  socket: WASocket,
  tools: Tools,
): Promise<Result> {
  const { disk, acks, host } = tools;
  const messageId = messageIdOf(id);
  // Fetched before anything is sent: what fails here has certainly not arrived.
  const file = command.do === "send-file" ? await fileFor(command.file.key, host) : undefined;
  if (file && "outcome" in file) return file;
  disk.willSend(messageId, host.now());
  const acked = acks.of(messageId);
  const [content, options] = contentOf(command, disk, file);
  const sent = await socket.sendMessage(command.chatId, content, { ...options, messageId });
  if (sent) disk.keep(sent, host.now());
  const ack = await acked;
  if (!ack) return { outcome: "unknown", reason: "WhatsApp did not say that it has the message." };
  if (!ack.ok) return { outcome: "failed", reason: `WhatsApp refused the message (${ack.error}).` };
  return { outcome: "done", messageId };
}

async function fileFor(key: string, host: Host): Promise<Buffer | Result> {
  try {
    return await host.fetchMedia(key);
  } catch (error) {
    return { outcome: "retry", afterMs: 5000, reason: `The file did not come: ${(error as Error).message}` };
  }
}

function contentOf(
  command: Exclude<Chatty, { do: "download" }>,
  disk: WhatsAppDisk,
  file?: Buffer,
): [AnyMessageContent, MiscMessageGenerationOptions] {
  const { chatId } = command;
  const answering = () => {
    const quoted =
      "replyTo" in command && command.replyTo ? disk.message(command.replyTo, chatId) : undefined;
    return quoted ? { quoted } : {};
  };
  switch (command.do) {
    case "send":
      return [{ text: command.text, linkPreview: null }, answering()];
    case "send-file": {
      const { name: fileName, mime: mimetype, picture } = command.file;
      const caption = command.text;
      if (picture) return [{ image: file!, mimetype, caption }, answering()];
      return [{ document: file!, mimetype, fileName, caption }, answering()];
    }
    case "edit":
      return [{ text: command.text, edit: { remoteJid: chatId, id: command.messageId, fromMe: true } }, {}];
    case "react": {
      const key = disk.message(command.messageId, chatId)?.key ?? {
        remoteJid: chatId,
        id: command.messageId,
      };
      return [{ react: { text: command.emoji, key } }, {}];
    }
  }
}

async function download(ref: string, socket: WASocket, { disk, host }: Tools): Promise<Result> {
  const message = messageAt(ref, disk);
  if (!message) return { outcome: "failed", reason: "The companion does not have this message any more." };
  const context = { logger: socket.logger, reuploadRequest: socket.updateMediaMessage };
  const stream = await downloadMediaMessage(message, "stream", {}, context);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MEDIA_CAP) return { outcome: "failed", reason: "The file is larger than 20 MB." };
    chunks.push(chunk);
  }
  const name = createHash("sha256").update(ref).digest("hex");
  return { outcome: "done", media: await host.upload(name, Buffer.concat(chunks)) };
}

/** `ref` is the chat and the id, as the mapping wrote them. */
function messageAt(ref: string, disk: WhatsAppDisk): WAMessage | undefined {
  const slash = ref.indexOf("/");
  return disk.message(ref.slice(slash + 1), ref.slice(0, slash));
}
