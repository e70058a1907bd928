import type { proto, WAMessageKey } from "baileys";
import { describe, expect, test } from "vitest";
import type { Message } from "../../../channels/channel.ts";
import type { WhatsAppMessage } from "../../../channels/whatsapp/message.ts";
import { formerAddress, inboundFrom, migrationFrom } from "../../../channels/whatsapp/receive.ts";
import { ANN, ANN_LID, account, direct, GROUP, inGroup, ME, MY_LID, received, text } from "./whatsapp-kit.ts";

function read(message: WhatsAppMessage, by = account()): Message | undefined {
  return inboundFrom(message, by) as Message | undefined;
}

describe("people and chats", () => {
  test("a direct chat is known by the LID, with the number as alias", () => {
    expect(read(received(direct, text("hi")))).toMatchObject({
      address: `whatsapp:${ANN_LID}`,
      chat: { id: ANN_LID, type: "direct" },
      sender: { id: ANN_LID, name: "Ann", aliases: ["4915111111111", "+4915111111111"], isBot: false },
      sentAt: 1_800_000_000_000,
      messageId: "A1",
      text: "hi",
    });
  });

  test("whichever form of the id comes first, it is the same person and chat", () => {
    const swapped = { ...direct, remoteJid: ANN, remoteJidAlt: ANN_LID };
    const [a, b] = [read(received(direct, text("hi")))!, read(received(swapped, text("hi")))!];
    expect([b.address, b.sender, b.key]).toEqual([a.address, a.sender, a.key]);
  });

  test("who is known by number only is known by its digits, and keeps the past when a LID comes", () => {
    const before = read(received({ remoteJid: ANN.replace("@", ":3@"), id: "A1" }, text("hi")))!;
    expect(before).toMatchObject({ address: `whatsapp:${ANN}`, sender: { id: "4915111111111" } });
    const after = read(received(direct, text("again")))!;
    expect(formerAddress(after)).toBe(before.address);
    expect(migrationFrom(before.address, after)).toMatchObject({
      kind: "migration",
      address: before.address,
      to: after.address,
      chat: { id: ANN },
    });
  });

  test("a group has its subject, and its members their own ids", () => {
    expect(read(received(inGroup, text("hi")))).toMatchObject({
      address: `whatsapp:${GROUP}`,
      chat: { type: "group", title: "Family" },
      sender: { id: ANN_LID, aliases: ["4915111111111", "+4915111111111"] },
    });
  });

  test.each(["status@broadcast", "123@broadcast", "123@newsletter", "0@s.whatsapp.net", "", undefined])(
    "nothing is heard from %s",
    (remoteJid) => {
      expect(read(received({ ...direct, remoteJid, remoteJidAlt: undefined }, text("news")))).toBeUndefined();
    },
  );
});

describe("who is meant", () => {
  const naming = (jid: string): proto.IMessage => ({
    extendedTextMessage: { text: "@900000000000 hello", contextInfo: { mentionedJid: [jid] } },
  });

  test.each([ME, MY_LID])("naming %s is naming the assistant", (jid) => {
    expect(read(received(inGroup, naming(jid)))!.mentioned).toBe(true);
  });

  test("naming somebody else is not, nor naming the owner of a shared number", () => {
    expect(read(received(inGroup, naming(ANN)))!.mentioned).toBe(false);
    expect(read(received(inGroup, naming(ME)), account({ shared: true }))!.mentioned).toBe(false);
  });

  test("a reply tells what it quotes and whose that was", () => {
    const reply = (stanzaId: string, participant: string): proto.IMessage => ({
      extendedTextMessage: {
        text: "yes",
        contextInfo: { stanzaId, participant, quotedMessage: { imageMessage: { caption: "the cat" } } },
      },
    });
    expect(read(received(inGroup, reply("X9", ANN)))!.replyTo).toEqual({
      messageId: "X9",
      sender: "+4915111111111",
      text: "the cat",
      fromUs: false,
    });
    expect(read(received(inGroup, reply("X9", MY_LID)))!.replyTo).toMatchObject({ fromUs: true });
    const owner = account({ shared: true });
    expect(read(received(inGroup, reply("X9", MY_LID)), owner)!.replyTo!.fromUs).toBe(false);
    expect(read(received(inGroup, reply("OURS1", MY_LID)), owner)!.replyTo!.fromUs).toBe(true);
  });

  test.each([
    ["/status", { name: "status", args: "" }],
    ["/MAIN  ABCD ", { name: "main", args: "ABCD" }],
    ["say /status", undefined],
    ["/ status", undefined],
  ])("the command of %j", (words, command) => {
    expect(read(received(direct, text(words)))!.command).toEqual(command);
  });
});

describe("our own account", () => {
  const mine: WAMessageKey = { ...direct, fromMe: true };

  test("what the companion sent comes back as our own", () => {
    expect(read(received({ ...mine, id: "OURS1" }, text("Flare: hi")))!.fromUs).toBe(true);
    const group = { remoteJid: GROUP, participant: MY_LID, fromMe: true, id: "OURS2" };
    expect(read(received(group, text("Flare: hi")))!.fromUs).toBe(true);
  });

  test.each([ME, MY_LID])("in the chat with oneself (%s) the owner is a person", (remoteJid) => {
    for (const shared of [true, false]) {
      const event = read(received({ remoteJid, fromMe: true, id: "B1" }, text("note")), account({ shared }))!;
      expect(event).toMatchObject({ address: `whatsapp:${MY_LID}`, fromUs: false, sender: { id: MY_LID } });
      expect(event.sender.aliases).toContain("4915100000000");
    }
  });

  test("what the owner writes in a group is a person's, and to somebody else it is not for the assistant", () => {
    const group = { remoteJid: GROUP, participant: MY_LID, fromMe: true, id: "B1" };
    expect(read(received(group, text("@Flare hi")))).toMatchObject({ fromUs: false, sender: { id: MY_LID } });
    expect(read(received(mine, text("see you")))).toMatchObject({
      fromUs: true,
      address: `whatsapp:${ANN_LID}`,
    });
  });

  test("on a shared number other people's direct messages are the owner's own", () => {
    expect(read(received(direct, text("dinner?")), account({ shared: true }))).toBeUndefined();
    expect(read(received(inGroup, text("dinner?")), account({ shared: true }))).toBeDefined();
  });
});

describe("what is said", () => {
  test.each<[string, proto.IMessage, string]>([
    ["a text with a preview", { extendedTextMessage: { text: "look" } }, "look"],
    ["a vanishing message", { ephemeralMessage: { message: text("soon gone") } }, "soon gone"],
    [
      "a message seen once",
      { viewOnceMessageV2: { message: { imageMessage: { caption: "once" } } } },
      "once",
    ],
    ["a place", { locationMessage: { name: "Café", address: "Main St 1" } }, "[place: Café, Main St 1]"],
    ["a location", { locationMessage: { degreesLatitude: 1.5, degreesLongitude: 2 } }, "[location: 1.5, 2]"],
    ["a contact", { contactMessage: { displayName: "Bob" } }, "[contact: Bob]"],
    [
      "a poll",
      { pollCreationMessageV3: { name: "Pizza?", options: [{ optionName: "yes" }, { optionName: "no" }] } },
      "[poll: Pizza? yes / no]",
    ],
  ])("%s", (_, message, words) => {
    expect(read(received(direct, message))!.text).toBe(words);
  });

  test.each<[string, proto.IMessage, object]>([
    [
      "a picture",
      { imageMessage: { mimetype: "image/jpeg", fileLength: 1234 } },
      { kind: "image", size: 1234 },
    ],
    [
      "a voice note",
      { audioMessage: { mimetype: "audio/ogg; codecs=opus", ptt: true, fileLength: 9 } },
      { kind: "voice", mime: "audio/ogg" },
    ],
    ["music", { audioMessage: { mimetype: "audio/mpeg" } }, { kind: "audio" }],
    ["a video", { videoMessage: { mimetype: "video/mp4" } }, { kind: "video" }],
    ["a round video", { ptvMessage: { mimetype: "video/mp4" } }, { kind: "video" }],
    ["a sticker", { stickerMessage: { mimetype: "image/webp" } }, { kind: "image" }],
    [
      "a document with a caption",
      {
        documentWithCaptionMessage: {
          message: {
            documentMessage: { fileName: "plan.pdf", mimetype: "application/pdf", caption: "the plan" },
          },
        },
      },
      { kind: "file", name: "plan.pdf" },
    ],
  ])("%s is attached, by chat and id, without its key", (_, message, attachment) => {
    const event = read(received(direct, message))!;
    expect(event.attachments).toMatchObject([{ ref: `${ANN_LID}/A1`, ...attachment }]);
    expect(event.kind).toBe("message");
  });

  test.each<[string, proto.IMessage]>([
    ["a reaction", { reactionMessage: { text: "👍", key: { id: "A0" } } }],
    ["a deleted message", { protocolMessage: { type: 0, key: { id: "A0" } } }],
    ["a key exchange", { senderKeyDistributionMessage: { groupId: GROUP } }],
    ["a vote", { pollUpdateMessage: {} }],
    ["nothing", {}],
  ])("%s is no message", (_, message) => {
    expect(read(received(direct, message))).toBeUndefined();
  });

  test("an edit names the message that it changes, and each edit is an event of its own", () => {
    const edit = (id: string, words: string) =>
      inboundFrom(
        received(
          { ...direct, id },
          {
            protocolMessage: {
              type: 14,
              key: { id: "A1", remoteJid: ANN_LID },
              editedMessage: text(words),
              timestampMs: 1_800_000_005_000,
            },
          },
        ),
        account(),
      )!;
    const [first, second] = [edit("E1", "better"), edit("E2", "best")];
    expect(first).toMatchObject({ kind: "edit", messageId: "A1", text: "better", sentAt: 1_800_000_005_000 });
    expect(first.key).not.toBe(second.key);
    expect(first.key).not.toBe(read(received(direct, text("good")))!.key);
  });

  test("the same message delivered again has the same key, another sender's with the same id has not", () => {
    const key = (more: object) => read(received({ ...inGroup, ...more }, text("hi")))!.key;
    expect(key({})).toBe(key({}));
    expect(key({ participant: "922222222222@lid", participantAlt: undefined })).not.toBe(key({}));
  });

  test("texts are well-formed whatever WhatsApp lets through", () => {
    const broken = { key: direct, message: { conversation: "a\uD800b" }, messageTimestamp: 1 };
    expect(read(broken)!.text.isWellFormed()).toBe(true);
  });
});
