import { expect } from "vitest";
import { telegram } from "../../channels/telegram/index.ts";
import { deliver, direct, fresh, peers } from "../flows/talk.ts";
import { fileAgrees, inboxIsSettled, moneyIsSettled, nothingIsOpen, saidInOrder } from "./checks.ts";
import { rows, type Scene, until } from "./loop.ts";
import type { Plan } from "./plan.ts";

const LONG = Array.from(
  { length: 170 },
  (_, n) => `Paragraph ${n} of the long answer that has several parts.`,
).join("\n\n");

/** A chat's number: always nine digits, so that none is a part of another. */
export function chatNumber(): number {
  return 100_000_000 + (fresh() % 900_000_000);
}

/** A model that goes by what was said, not by how often it was asked: a call that is made again gets the same answer. */
export async function stages(key: string, ...steps: Parameters<typeof peers.script>[1][]): Promise<void> {
  for (const [index, step] of steps.entries()) {
    const next = index + 1 < steps.length ? `${key}-stage${index + 1}.` : "";
    const text = [step.text, next].filter(Boolean).join(" ");
    await peers.script(`${key}-stage${index}.`, { chunkSize: 4000, ...step, text, forever: true });
  }
}

/** Delivers as Telegram does: again, until it gets a 2xx. */
export async function deliverUntilTaken(update: object): Promise<void> {
  await until("the update was taken", async () => (await deliver(update)).ok);
}

/** A message, a file written, a command and a read, a message in between, a long answer. */
export async function answering(): Promise<Scene> {
  const chat = chatNumber();
  const name = `telegram:${chat}`;
  const key = `answer-${chat}`;
  const call = (tool: string, args: Record<string, unknown>) => ({ name: tool, arguments: args });
  await stages(
    key,
    { toolCalls: [call("write_file", { path: "log.txt", content: "" })] },
    {
      toolCalls: [
        call("bash", { command: "echo line >> log.txt" }),
        call("read_file", { path: "AGENTS.md" }),
      ],
    },
    { toolCalls: [call("send_message", { text: "In between." })] },
    { text: LONG },
  );
  const update = direct(chat, `${key}-stage0. please`);
  return {
    name,
    act: () => deliverUntilTaken(update),
    check: async (crash) => {
      // What was taken is not taken twice.
      await deliverUntilTaken(update);
      await inboxIsSettled(name, ["answered"]);
      const parts = telegram.render(LONG).map((part) => part.body);
      saidInOrder(await peers.shown(chat, 1 + parts.length), ["In between.", ...parts], crash);
      await appendedOnce(name, key, crash);
      await nothingIsOpen(name);
      await moneyIsSettled(name);
      await fileAgrees(name);
    },
  };
}

/** The command's line is there, or the model was told that nobody knows. */
async function appendedOnce(name: string, key: string, crash: Plan): Promise<void> {
  const [file] = await rows(name, "select text from files where path = 'log.txt'");
  expect(["", "line\n"]).toContain(file?.text);
  if (file?.text === "line\n") return;
  expect(crash.hit, "the line is missing without a crash").toBeDefined();
  const requests = await peers.requests(key, 1);
  expect(JSON.stringify(requests.at(-1)!.body.messages)).toContain("outcome is unknown");
}
