import { proto, type WAMessageKey } from "baileys";
import { messageIdOf } from "../../../bridge/whatsapp/commands.ts";
import type { ChannelEnv, Inbound } from "../../../channels/channel.ts";
import type { Answer, Command, Companion } from "../../../channels/frames.ts";
import { whatsapp } from "../../../channels/whatsapp/index.ts";
import type { WhatsAppMessage } from "../../../channels/whatsapp/message.ts";
import { reactionFrom } from "../../../channels/whatsapp/reaction.ts";
import { type Account, inboundFrom } from "../../../channels/whatsapp/receive.ts";
import type { Platform } from "./contract.ts";
import { envWith } from "./env.ts";

export const ME = "4915100000000@s.whatsapp.net";
export const MY_LID = "900000000000@lid";
export const ANN = "4915111111111@s.whatsapp.net";
export const ANN_LID = "911111111111@lid";
export const GROUP = "120363001234567890@g.us";

export function account(more: Partial<Account> = {}): Account {
  return {
    id: ME.replace("@", ":7@"),
    lid: MY_LID.replace("@", ":7@"),
    name: "Flare",
    shared: false,
    sentByUs: (id) => id.startsWith("OURS"),
    titleOf: (id) => (id === GROUP ? "Family" : undefined),
    ...more,
  };
}

/** What the library gives: through the protocol buffer and back, so that numbers are what they are there. */
export function received(key: WAMessageKey, message: proto.IMessage, more: object = {}): WhatsAppMessage {
  const sent = { key, message, messageTimestamp: 1_800_000_000, pushName: "Ann", ...more };
  const decoded = proto.WebMessageInfo.decode(
    proto.WebMessageInfo.encode(proto.WebMessageInfo.fromObject(sent)).finish(),
  );
  return { ...decoded, key: { ...decoded.key, ...key } } as WhatsAppMessage;
}

export const direct: WAMessageKey = { remoteJid: ANN_LID, remoteJidAlt: ANN, id: "A1", fromMe: false };
export const inGroup: WAMessageKey = {
  remoteJid: GROUP,
  participant: ANN_LID,
  participantAlt: ANN,
  id: "A1",
};
export const text = (words: string): proto.IMessage => ({ conversation: words });

/** A text in the group that names somebody and answers a message of the assistant. */
export const rich = received(inGroup, {
  extendedTextMessage: {
    text: "@900000000000 yes",
    contextInfo: {
      mentionedJid: [MY_LID],
      stanzaId: "OURS1",
      participant: MY_LID,
      quotedMessage: { conversation: "Shall I?" },
    },
  },
});

const MEDIA_KEY = "c2VjcmV0LW1lZGlhLWtleS1vZi1hLXBpY3R1cmUhIQ==";
const picture: proto.IMessage = {
  imageMessage: {
    url: `https://mmg.whatsapp.net/x?key=${MEDIA_KEY}`,
    mediaKey: Buffer.from(MEDIA_KEY, "base64"),
    fileLength: 1234,
    mimetype: "image/jpeg",
  },
};
const edit: proto.IMessage = {
  protocolMessage: {
    type: 14,
    key: { id: "A1", remoteJid: ANN_LID },
    editedMessage: text("better"),
    timestampMs: 1_800_000_005_000,
  },
};

const read = (key: WAMessageKey, message: proto.IMessage) => async (): Promise<Inbound[]> =>
  heard(received(key, message));

function heard(message: WhatsAppMessage): Inbound[] {
  const event = inboundFrom(message, account());
  return event ? [event] : [];
}

const reaction = (id: string, emoji: string) => async (): Promise<Inbound[]> => {
  const reactionMessage = { text: emoji, key: { id: "OURS1", remoteJid: ANN_LID } };
  const event = reactionFrom(received({ ...direct, id }, { reactionMessage }), account());
  return event ? [event] : [];
};

/** A companion that gives this answer to everything. */
function answering(answer: Answer) {
  return (asked: unknown[] = []): ChannelEnv => {
    const companion: Companion = {
      command: async (id, _, command) => {
        asked.push({ id, command });
        return answer;
      },
      hint: async () => undefined,
      state: async () => undefined,
      take: async () => undefined,
    };
    return envWith({ vars: { BRIDGE_TOKEN: "the-companions-token" }, companion });
  };
}

export const whatsappKit: Platform = {
  channel: whatsapp,
  secrets: [MEDIA_KEY, "the-companions-token"],
  read: {
    plain: read(direct, text("hello")),
    mention: async () => heard(rich),
    command: read(direct, text("/status now")),
    reply: async () => heard(rich),
    // Ordinary accounts look like people; the others are no chats.
    bot: read({ ...direct, remoteJid: "13135550002@bot", remoteJidAlt: undefined }, text("I am a bot")),
    own: read({ ...direct, fromMe: true, id: "OURS2" }, text("Flare: hi")),
    file: read(direct, picture),
  },
  reactions: { one: reaction("R1", "👍"), other: reaction("R2", "❤️") },
  fileIn: async (asked) => {
    const { command } = asked as { command: Command };
    return command.do === "send-file" ? command.file : undefined;
  },
  edits: { edit: read({ ...direct, id: "E1" }, edit), edited: read(direct, text("good")) },
  answering: {
    sent: answering({ outcome: "done", messageId: "3EB0" }),
    forbidden: answering({ outcome: "failed", reason: "WhatsApp refused the message (401)." }),
    broken: answering({ outcome: "retry", afterMs: 1000, reason: "WhatsApp is not connected." }),
    lost: answering({ outcome: "unknown", reason: "The companion did not answer in time." }),
    rateLimited: (seconds) => answering({ outcome: "retry", afterMs: seconds * 1000, reason: "busy" })(),
  },
  keyOf: (asked) => messageIdOf((asked as { id: string }).id),
};
