import { expect, test } from "vitest";
import { chooseTranscriber, type Transcriber } from "../../../agent/models/choose-transcriber.ts";
import {
  type Recording,
  type TranscribeOptions,
  transcribe,
  transcriptionEstimate,
} from "../../../agent/models/transcribe.ts";

const groq = chooseTranscriber({ GROQ_API_KEY: "gsk_secret-key" })!;
const note: Recording = { bytes: new Uint8Array([1, 2, 3]), name: "voice-7.oga", mime: "audio/ogg" };

/** Transcribes with a server that answers so; `sent` are the forms that it got. */
async function transcribed(
  answer: (request: Request) => Promise<Response> | Response,
  {
    by = groq,
    recording = note,
    ...options
  }: Partial<TranscribeOptions> & {
    by?: Transcriber;
    recording?: Recording;
  } = {},
) {
  const sent: { url: string; authorization: string | null; form: FormData }[] = [];
  const server: typeof fetch = async (input, init) => {
    const request = new Request(input as string, init as RequestInit);
    const form = await request.clone().formData();
    sent.push({ url: request.url, authorization: request.headers.get("authorization"), form });
    return answer(request);
  };
  const common = { fetch: server, signal: new AbortController().signal, now: () => 0 };
  return { result: await transcribe(by, recording, { ...common, ...options }), sent };
}

test("a recording is sent as a form with its model, and the text comes back without space around it", async () => {
  const { result, sent } = await transcribed(() => Response.json({ text: " Hello there.\n", duration: 120 }));
  expect(result).toMatchObject({ ok: true, text: "Hello there." });
  expect(sent).toHaveLength(1);
  expect(sent[0]!.url).toBe("https://api.groq.com/openai/v1/audio/transcriptions");
  expect(sent[0]!.authorization).toBe("Bearer gsk_secret-key");
  expect(sent[0]!.form.get("model")).toBe("whisper-large-v3");
  expect((sent[0]!.form.get("file") as File).size).toBe(3);
});

test.each([
  ["voice.oga", "audio/ogg", "ogg"],
  ["voice.opus", undefined, "ogg"],
  ["voice", "audio/ogg; codecs=opus", "ogg"],
  ["song.MP3", undefined, "mp3"],
  ["song", "audio/mpeg", "mp3"],
  ["memo.bin", "audio/x-m4a", "m4a"],
  ["memo.final.wav", "application/octet-stream", "wav"],
])("%s of type %s is sent under a name whose ending providers know", async (name, mime, ending) => {
  const recording = { ...note, name, mime };
  const { sent } = await transcribed(() => Response.json({ text: "" }), { recording });
  expect((sent[0]!.form.get("file") as File).name).toMatch(new RegExp(`\\.${ending}$`));
});

test("it costs what the list says for its length, at least ten seconds with Groq", async () => {
  const costOf = async (by: Transcriber, duration: number) =>
    (await transcribed(() => Response.json({ text: "x", duration }), { by })).result.usage?.usd;
  expect(await costOf(groq, 3600)).toBeCloseTo(0.111, 6);
  expect(await costOf(groq, 1)).toBeCloseTo((0.111 * 10) / 3600, 6);
  expect(await costOf(chooseTranscriber({ OPENAI_API_KEY: "sk-x" })!, 60)).toBeCloseTo(0.006, 6);
});

test("the reservation covers a long recording of a voice codec; an unknown price leaves the tokens", () => {
  const hour = { name: "a.ogg", size: 3600 * 1500 };
  expect(transcriptionEstimate(groq, hour).usd).toBeGreaterThan(0.111);
  const own = chooseTranscriber({ API_BASE: "http://localhost:9000/v1", TRANSCRIPTION_MODEL: "whisper" })!;
  expect(transcriptionEstimate(own, hour).usd).toBeUndefined();
  expect(transcriptionEstimate(own, hour).inputTokens).toBeGreaterThan(0);
});

test.each([
  [401, true],
  [429, true],
  [503, true],
  [400, false],
])("an answer of %i is a reason that holds no key and costs nothing", async (status, down) => {
  const { result, sent } = await transcribed(() =>
    Response.json({ error: { message: "no: gsk_secret-key" } }, { status }),
  );
  expect(result).toMatchObject({ ok: false, down });
  expect(JSON.stringify(result)).not.toContain("secret-key");
  expect(result.usage).toBeUndefined();
  expect(sent).toHaveLength(1);
});

test("what breaks off, never ends or is no answer may have cost its estimate", async () => {
  const never = (request: Request) =>
    new Promise<Response>((_, reject) => {
      const stop = () => reject(request.signal.reason);
      if (request.signal.aborted) stop();
      request.signal.addEventListener("abort", stop);
    });
  const broken = () => Promise.reject(new TypeError("network: gsk_secret-key"));
  const outcomes = [
    await transcribed(never, { timeoutMs: 1 }),
    await transcribed(broken),
    await transcribed(() => Response.json({ words: [] })),
    await transcribed(() => new Response("<html>", { headers: { "content-type": "text/html" } })),
  ];
  for (const { result } of outcomes) {
    expect(result).toMatchObject({ ok: false, usage: { usd: expect.any(Number) } });
    expect(JSON.stringify(result)).not.toContain("secret-key");
  }
});

test("a transcript is kept up to a length", async () => {
  const { result } = await transcribed(() => Response.json({ text: "word ".repeat(50_000) }));
  expect(result.ok && result.text.length).toBeLessThan(21_000);
});

test("a server of one's own that needs no key gets none", async () => {
  const by = chooseTranscriber({ API_BASE: "http://localhost:9000/v1/", TRANSCRIPTION_MODEL: "whisper" })!;
  const { sent } = await transcribed(() => Response.json({ text: "x" }), { by });
  expect(sent[0]!.url).toBe("http://localhost:9000/v1/audio/transcriptions");
  expect(sent[0]!.authorization).toBeNull();
});

test.each([
  ["no key", {}, undefined],
  ["Groq before OpenAI", { GROQ_API_KEY: "g", OPENAI_API_KEY: "o" }, "groq/whisper-large-v3 g"],
  ["OpenAI's key", { OPENAI_API_KEY: "o", MODEL: "claude-x" }, "openai/whisper-1 o"],
  ["API_KEY of Groq's", { API_KEY: "gsk_1" }, "groq/whisper-large-v3 gsk_1"],
  ["API_KEY of OpenAI's", { API_KEY: "sk-1", MODEL: "gpt-4o" }, "openai/whisper-1 sk-1"],
  ["API_KEY of another, as its letters say", { API_KEY: "sk-ant-1" }, undefined],
  ["API_KEY of another, as the model says", { API_KEY: "sk-1", MODEL: "deepseek-chat" }, undefined],
  ["API_KEY beside an endpoint of one's own", { API_KEY: "sk-1", API_BASE: "http://a.test/v1" }, undefined],
  [
    "an endpoint that is asked to",
    { API_KEY: "k", API_BASE: "http://a.test/v1", TRANSCRIPTION_MODEL: "w" },
    "custom/w k",
  ],
  [
    "Groq beside an endpoint",
    { API_KEY: "k", API_BASE: "http://a.test/v1", GROQ_API_KEY: "g" },
    "groq/whisper-large-v3 g",
  ],
  [
    "OpenAI's key that is for another server",
    {
      OPENAI_API_KEY: "o",
      OPENAI_BASE_URL: "http://a.test/v1",
      API_BASE: "http://a.test/v1",
    },
    undefined,
  ],
])("%s", (_, vars, expected) => {
  const chosen = chooseTranscriber(vars);
  expect(chosen && `${chosen.provider}/${chosen.model} ${chosen.apiKey}`).toBe(expected);
});
