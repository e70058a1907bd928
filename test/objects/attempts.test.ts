import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { addressOf } from "../../channels/channel.ts";
import { Group } from "../../durable-objects/group.ts";
import { soon } from "../soon.ts";
import { messageIn } from "./message.ts";

const DAY = 24 * 3600_000;
let serial = 9_200_000;

afterEach(() => {
  vi.useRealTimers();
});

interface Attempt {
  state: string;
  attempts: number;
  boot: string | null;
  notBefore: number;
}

/** A registered group whose turns all fail, since the directory does not answer them. Time stands still. */
async function stuck(work: (group: Group, chat: string, turn: () => Attempt) => Promise<void>) {
  const chat = String(++serial);
  const address = addressOf("telegram", chat);
  await env.GROUP.getByName(address).receive(messageIn(chat, "@Flare let me in"));
  await env.DIRECTORY.getByName("directory").register(address);
  const away = new Proxy({}, { get: () => () => Promise.reject(new Error("the directory is away")) });
  await runInDurableObject(env.GROUP.getByName(address), async (_, state) => {
    // So far ahead that the platform's own alarm does not ring.
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + DAY });
    const group = new Group(state, { ...env, DIRECTORY: { getByName: () => away } } as unknown as Env);
    await group.receive(messageIn(chat, "@Flare hello"));
    const columns = "state, attempts, boot, notBefore";
    await work(
      group,
      chat,
      () =>
        state.storage.sql
          .exec(`select ${columns} from turns order by id desc limit 1`)
          .one() as unknown as Attempt,
    );
  });
}

test("no pause between two attempts at a turn is shorter than the one before", async () => {
  await stuck(async (group, _, turn) => {
    // The second attempt follows the first at once.
    const pauses = [0];
    for (let attempt = 2; attempt <= 12; attempt++) {
      await soon(() => expect(turn()).toMatchObject({ attempts: attempt, boot: null }));
      // In seconds: waiting moves the clock by some milliseconds.
      pauses.push(Math.round((turn().notBefore - Date.now()) / 1000));
      vi.setSystemTime(turn().notBefore);
      await group.alarm();
    }
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect(pauses.at(-1)).toBeGreaterThanOrEqual(30);
    await soon(() => expect(turn().state).toBe("failed"));
  });
});

test("/stop ends a turn that waits for its next attempt", async () => {
  await stuck(async (group, chat, turn) => {
    await soon(() => expect(turn()).toMatchObject({ attempts: 2, boot: null }));
    await group.receive(messageIn(chat, "/stop"));
    expect(turn().state).toBe("stopped");
    const said = (await group.history({ limit: 20 })).map(({ text }) => text);
    expect(said).toContain("Stopping.");
    expect((await group.status()).waiting).toBe(0);
    await group.receive(messageIn(chat, "/stop"));
    expect((await group.history({ limit: 20 })).at(-1)?.text).toBe("Nothing is running.");
  });
});
