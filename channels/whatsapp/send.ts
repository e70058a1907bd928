import type { ChannelEnv, Send, Sent } from "../channel.ts";
import { isPicture, type OutgoingFile } from "../files.ts";
import type { Answer, Command } from "../frames.ts";
import { FILES } from "./limits.ts";

/** Says it through the companion. The key is the command's id, and the message's on WhatsApp: twice is once. */
export async function send(send: Send, env: ChannelEnv): Promise<Sent> {
  const { companion } = env;
  if (!companion) return { outcome: "retry", afterMs: 60_000, reason: "There is no companion here." };
  switch (send.type) {
    case "message":
    case "edit":
      return ended(await companion.command(send.key, "whatsapp", commandOf(send)), send);
    case "seen":
      return ended(await companion.command(...reactionOf(send)), send);
    case "typing":
      await companion.hint("whatsapp", { do: "typing", chatId: send.to.chatId });
      return { outcome: "sent", messageId: "" };
    case "draft":
    case "activity":
    case "dismiss":
      return { outcome: "sent", messageId: "" };
  }
}

function commandOf(send: Extract<Send, { type: "message" | "edit" }>): Command {
  const text = send.asPlain ? send.part.plain : send.part.body;
  const { chatId } = send.to;
  const file = send.type === "message" && send.files?.[0];
  if (file)
    return { do: "send-file", chatId, file: fileOf(file), text: text || undefined, replyTo: send.replyTo };
  if (send.type === "edit") return { do: "edit", chatId, messageId: send.messageId, text };
  return { do: "send", chatId, text, replyTo: send.replyTo };
}

function fileOf({ key, name, mime, size, ...file }: OutgoingFile) {
  return { key, name, mime, size, picture: isPicture({ mime, size, ...file }, FILES) };
}

/** Done once in each direction: a sign that is there is there. */
function reactionOf({ to, messageId, over }: Extract<Send, { type: "seen" }>): [string, string, Command] {
  const id = `seen:${to.chatId}:${messageId}${over ? ":over" : ""}`;
  return [id, "whatsapp", { do: "react", chatId: to.chatId, messageId, emoji: over ? "" : "👀" }];
}

function ended(result: Answer, send: Send): Sent {
  if (result.outcome !== "done") return result;
  const before = send.type === "edit" ? send.messageId : "";
  return { outcome: "sent", messageId: result.messageId ?? before };
}
