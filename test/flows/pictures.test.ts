import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { roomWith } from "./other-env.ts";
import { deliver, direct, fresh, peers } from "./talk.ts";

/** The bucket, with `read` called before each file of this kind is read. */
function watched(part: string, read: () => Promise<void>): R2Bucket {
  return new Proxy(env.FILES, {
    get(bucket, name) {
      if (name !== "get") return Reflect.get(bucket, name).bind(bucket);
      return async (key: string, options?: R2GetOptions) => {
        if (key.includes(part)) await read();
        return bucket.get(key, options);
      };
    },
  });
}

async function photo(chat: number, caption: string) {
  const file = `picture-${fresh()}`;
  await peers.file(file, "\u0000PNG, or so");
  const sizes = [{ file_id: file, file_unique_id: file, width: 10, height: 10, file_size: 9 }];
  return direct(chat, "", { text: undefined, photo: sizes, caption });
}

test("a picture is read once a turn, however many steps it has, and each step shows it", async () => {
  const chat = fresh();
  await deliver(direct(chat, "hello"));
  await peers.shown(chat, 1);
  const key = `seen-${chat}`;
  const steps = ["a", "b", "c"].map((path) => ({
    toolCalls: [{ name: "glob", arguments: { pattern: path } }],
  }));
  await peers.script(key, ...steps, { text: "A heron." });
  let reads = 0;
  const FILES = watched("attachments", async () => void reads++);
  await roomWith(chat, { MODEL: "gpt-4o", FILES }, await photo(chat, `${key} what is it?`));
  const requests = await peers.requests(key, 4);
  expect(requests).toHaveLength(4);
  for (const { body } of requests) expect(JSON.stringify(body.messages)).toContain("data:image/");
  expect(reads).toBe(1);
});

test("who writes without a pause while a picture is read does not keep the model from being asked", async () => {
  const chat = fresh();
  await deliver(direct(chat, "hello"));
  await peers.shown(chat, 1);
  const key = `busy-${chat}`;
  await peers.script(key, { text: "A heron.", forever: true });
  let written = 0;
  const vars = (give: (update: object) => Promise<void>) => ({
    MODEL: "gpt-4o",
    FILES: watched("attachments", async () => {
      if (written < 8) await give(direct(chat, `and word${++written}`));
    }),
  });
  await roomWith(chat, vars, await photo(chat, `${key} what is it?`));
  const [first] = await peers.requests(key, 1);
  const read = JSON.stringify(first!.body.messages);
  expect(read).toContain("word2");
  expect(read).not.toContain("word4");
});
