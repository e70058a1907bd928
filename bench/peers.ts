import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** What the fake model and the fake Telegram saw. Both answer at once: what is measured is the time between them. */
export interface Seen {
  /** Request bodies of the model, in order. */
  model: string[];
  /** When a chat's answer arrived, by chat and text; milliseconds of `performance.now()`. */
  answers: { chat: number; text: string; at: number }[];
  /** HTTP requests that left the Worker. */
  requests: number;
}

export interface BenchPeers {
  modelBase: string;
  telegramRoot: string;
  seen: Seen;
  /** Resolves when so many answers are there. */
  answered(count: number): Promise<void>;
  /** Milliseconds that the model waits before it answers. */
  delay(ms: number): void;
  close(): void;
}

/** Starts both. The model calls tools when the last message asks for them: `tools:3`. */
export async function startBenchPeers(): Promise<BenchPeers> {
  const seen: Seen = { model: [], answers: [], requests: 0 };
  const waiting: { count: number; done: () => void }[] = [];
  let pause = 0;
  const model = createServer(async (request, response) => {
    const body = await read(request);
    seen.requests++;
    seen.model.push(body);
    if (pause > 0) await new Promise((done) => setTimeout(done, pause));
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(reply(JSON.parse(body)));
  });
  const telegram = createServer(async (request, response) => {
    const body = await read(request);
    seen.requests++;
    const method = request.url!.split("/").at(-1)!;
    const { chat_id: chat, text } = body ? JSON.parse(body) : {};
    if (method === "sendMessage") seen.answers.push({ chat: Number(chat), text, at: performance.now() });
    response.writeHead(200, { "content-type": "application/json" });
    response.end(
      JSON.stringify({
        ok: true,
        result:
          method === "getMe"
            ? ME
            : { message_id: seen.answers.length, date: 1, chat: { id: chat, type: "private" } },
      }),
    );
    for (const one of waiting.filter(({ count }) => seen.answers.length >= count)) one.done();
  });
  return {
    modelBase: `${await listen(model)}/v1`,
    telegramRoot: await listen(telegram),
    seen,
    answered: (count) =>
      seen.answers.length >= count ? Promise.resolve() : new Promise((done) => waiting.push({ count, done })),
    delay: (ms) => {
      pause = ms;
    },
    close: () => {
      for (const server of [model, telegram]) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

const ME = { id: 1, is_bot: true, first_name: "Flare", username: "flare_bot" };

/** One tool call a round while the last message asks for more, then a text. */
function reply(body: { messages: { role: string; content: unknown }[] }): string {
  const text = JSON.stringify(body.messages.findLast((message) => message.role === "user")?.content ?? "");
  const wanted = Number(/tools:(\d+)/.exec(text)?.[1] ?? 0);
  const done = body.messages.length - 1 - body.messages.findLastIndex((message) => message.role === "user");
  const call = {
    index: 0,
    id: `c${done}`,
    function: { name: "write_file", arguments: JSON.stringify({ path: `f${done}.txt`, content: "x" }) },
  };
  const delta = done / 2 < wanted ? { tool_calls: [call] } : { content: "Good morning." };
  const finish = done / 2 < wanted ? "tool_calls" : "stop";
  const chunks = [
    { choices: [{ index: 0, delta: { role: "assistant", ...delta } }] },
    { choices: [{ index: 0, delta: {}, finish_reason: finish }] },
    { choices: [], usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 } },
  ];
  return `${chunks.map((chunk) => `data: ${JSON.stringify({ id: "1", object: "chat.completion.chunk", created: 1, model: "m", ...chunk })}\n\n`).join("")}data: [DONE]\n\n`;
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function listen(server: Server): Promise<string> {
  return new Promise((done) =>
    server.listen(0, "127.0.0.1", () => done(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
  );
}
