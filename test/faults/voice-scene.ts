import { expect } from "vitest";
import { direct, fresh, peers } from "../flows/talk.ts";
import { chatNumber, deliverUntilTaken } from "./answer.ts";
import { fileAgrees, inboxIsSettled, moneyIsSettled, nothingIsOpen, saidInOrder } from "./checks.ts";
import { rows, type Scene } from "./loop.ts";

/** A voice message, written down before the model is asked. */
export async function speaking(): Promise<Scene> {
  const chat = chatNumber();
  const name = `telegram:${chat}`;
  const [sound, key, file] = [`sound-${chat}.`, `spoken-${chat}.`, `voice-${fresh()}`];
  await peers.file(file, `OggS ${sound}`);
  await peers.script(sound, { text: "seventeen pumpkins", forever: true });
  await peers.script(key, { text: "I heard it.", forever: true });
  const voice = { file_id: file, file_unique_id: file, mime_type: "audio/ogg", file_size: 30 };
  const update = direct(chat, "", { text: undefined, caption: key, voice });
  return {
    name,
    act: () => deliverUntilTaken(update),
    check: async (crash) => {
      await deliverUntilTaken(update);
      await inboxIsSettled(name, ["answered"]);
      saidInOrder(await peers.shown(chat, 1), ["I heard it."], crash);
      await writtenDown(name, sound, key, crash.hit !== undefined);
      await nothingIsOpen(name);
      await moneyIsSettled(name);
      await fileAgrees(name);
    },
  };
}

/** Every request of the model holds the words; the recording was sent again only where the crash hid the answer. */
async function writtenDown(name: string, sound: string, key: string, crashed: boolean): Promise<void> {
  for (const { body } of await peers.requests(key, 1))
    expect(JSON.stringify(body)).toContain("[voice message, transcribed: seventeen pumpkins]");
  const sent = await peers.requests(sound);
  expect(sent.length).toBeLessThanOrEqual(crashed ? 2 : 1);
  const [row] = await rows(name, "select extra from inbox");
  const [{ transcript, tries }] = JSON.parse(String(row!.extra)).attachments;
  expect({ transcript, sent: sent.length <= tries }).toEqual({
    transcript: "seventeen pumpkins",
    sent: true,
  });
}
