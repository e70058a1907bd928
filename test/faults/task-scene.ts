import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { NewTask } from "../../agent/tasks.ts";
import { deliver, direct, peers } from "../flows/talk.ts";
import { chatNumber, stages } from "./answer.ts";
import { moneyIsSettled, nothingIsOpen, saidInOrder } from "./checks.ts";
import { alarmOf, rows, type Scene, until } from "./loop.ts";

/** A message and a prompt with a tool come due; later the chat has a result of each. */
export async function due(): Promise<Scene> {
  const chat = chatNumber();
  const name = `telegram:${chat}`;
  const key = `due-${chat}`;
  const append = { toolCalls: [{ name: "write_file", arguments: { path: "due.txt", content: "done" } }] };
  await stages(key, append, { text: "Looked after it." });
  await peers.script(`hello-${chat}.`, { text: "Hello." });
  await deliver(direct(chat, `hello-${chat}. hello`));
  await until(
    "it is quiet",
    async () => (await alarmOf(name)) === null && (await peers.shown(chat)).length > 0,
  );
  const soon = { schedule_type: "once", schedule_value: "1s" };
  return {
    name,
    act: async () => {
      await made(chat, "message", { message: "Stretch.", ...soon });
      await made(chat, "prompt", { prompt: `${key}-stage0. look after it`, ...soon });
    },
    check: async (crash) => {
      await until(
        "both ran",
        async () => (await rows(name, OPEN)).length === 0 && (await alarmOf(name)) === null,
      );
      const [hello, ...said] = await peers.shown(chat, 3);
      expect(hello).toBe("Hello.");
      saidInOrder(said.sort(), ["Looked after it.", "Stretch."], crash);
      const fates = await rows(name, "select state, slots, manual from task_runs order by id");
      expect(fates).toEqual(Array.from({ length: 2 }, () => ({ state: "ok", slots: 1, manual: 0 })));
      expect(await rows(name, "select 1 from tasks where state <> 'done' or run is not null")).toEqual([]);
      await nothingIsOpen(name);
      await moneyIsSettled(name);
    },
  };
}

const OPEN = "select 1 from tasks where state = 'active'";

/** Schedules once, however often it has to be asked. */
async function made(chat: number, key: string, task: NewTask): Promise<void> {
  const asker = { id: "1001", name: "Ann", from: `telegram:${chat}`, main: false, agent: false, thread: "" };
  await until(`${key} is set`, async () => {
    const group = env.GROUP.getByName(`telegram:${chat}`);
    const answer = await group.tasks(
      { verb: "schedule", task },
      { ...asker, trust: "member", key, trace: key },
    );
    return answer.ok;
  });
}
