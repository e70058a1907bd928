import { addressOf, type Message } from "../../channels/channel.ts";

let serial = 9_300_000;

/** What Ann says in a Telegram group, each time a message of its own. A slash at the start is a command. */
export function messageIn(chat: string, text: string): Message {
  const id = String(++serial);
  const command = /^\/(\w+)$/.exec(text);
  return {
    kind: "message",
    address: addressOf("telegram", chat),
    key: `message:${id}`,
    chat: { id: chat, type: "group", title: `Chat ${chat}` },
    sentAt: Date.now(),
    messageId: id,
    sender: { id: "1001", name: "Ann", isBot: false },
    text,
    mentioned: /^[@/]/.test(text),
    attachments: [],
    ...(command ? { command: { name: command[1]!, args: "" } } : {}),
  };
}
