import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { direct, peers } from "../flows/talk.ts";
import type { SentFile } from "../peers/protocol.ts";
import { chatNumber, deliverUntilTaken, stages } from "./answer.ts";
import { fileAgrees, inboxIsSettled, moneyIsSettled, nothingIsOpen, saidInOrder } from "./checks.ts";
import { rows, type Scene } from "./loop.ts";

/** A file is sent with a text, and changed afterwards. */
export async function sendingFiles(): Promise<Scene> {
  const chat = chatNumber();
  const name = `telegram:${chat}`;
  const key = `files-${chat}`;
  const call = (tool: string, args: Record<string, unknown>) => ({ name: tool, arguments: args });
  const write = (content: string) => call("write_file", { path: "plan.txt", content });
  await stages(
    key,
    { toolCalls: [write("as it was"), call("send_message", { text: "Look.", attachments: ["plan.txt"] })] },
    { toolCalls: [write("as it is now")] },
    { text: "Sent." },
  );
  const update = direct(chat, `${key}-stage0. please`);
  return {
    name,
    act: () => deliverUntilTaken(update),
    check: async (crash) => {
      await deliverUntilTaken(update);
      await inboxIsSettled(name, ["answered"]);
      saidInOrder(await peers.shown(chat, 1), ["Sent."], crash);
      const sent = await peers.calls({ chatId: chat, method: "sendDocument", atLeast: 1 });
      const shown = sent.filter(({ outcome }) => outcome === "shown").map(({ body }) => body);
      saidInOrder(
        shown.map(({ caption }) => String(caption)),
        ["Look."],
        crash,
      );
      for (const { files } of shown) expect((files as SentFile[])[0]!.text).toBe("as it was");
      await nothingIsOpen(name);
      await moneyIsSettled(name);
      await fileAgrees(name);
      await keptAreKnown(name);
    },
  };
}

/** Nothing lies in R2 that no row will have removed. */
async function keptAreKnown(name: string): Promise<void> {
  const [group] = await rows("directory", `select folder from groups where address = '${name}'`);
  const { objects } = await env.FILES.list({ prefix: `media/${group!.folder}/` });
  const known = (await rows(name, "select key from pins")).map(({ key }) => key);
  expect(objects).not.toEqual([]);
  for (const { key } of objects) expect(known).toContain(key);
}
