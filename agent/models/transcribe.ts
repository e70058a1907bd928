import OpenAI, { APIError } from "openai";
import type { Estimate } from "../journal.ts";
import type { Usage } from "../model.ts";
import type { Transcriber } from "./choose-transcriber.ts";
import { failureOf } from "./failure.ts";

/** Longer recordings are not sent, in bytes. */
export const LARGEST_AUDIO = 20 * 1024 * 1024;
const TIMEOUT_MS = 60_000;
/** What is kept of a transcript, in characters. */
const LONGEST = 20_000;
/** Models that are paid by the token count so many for a second of audio; the others are held to the same. */
const TOKENS_A_SECOND = 10;

/** A recording; `name` and `mime` as the platform gave them. */
export interface Recording {
  bytes: Uint8Array;
  name: string;
  mime?: string;
}

/** `usage` is absent where the request was refused, which costs nothing. `down`: another recording would fare no better. */
export type Transcription =
  | { ok: true; text: string; usage: Usage }
  | { ok: false; reason: string; usage?: Usage; down: boolean };

export interface TranscribeOptions {
  fetch: typeof fetch;
  /** Ends the request. */
  signal: AbortSignal;
  now(): number;
  /** Milliseconds [60,000]. */
  timeoutMs?: number;
}

/**
 * Writes down what a recording says, through OpenAI's `POST /audio/transcriptions`, which Groq has too. Tried once: the
 * turn waits for it. Never throws; a reason holds no key.
 */
export async function transcribe(
  transcriber: Transcriber,
  recording: Recording,
  options: TranscribeOptions,
): Promise<Transcription> {
  const late = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
  const signal = AbortSignal.any([options.signal, late]);
  const estimate = usageOf(transcriber, secondsAtMost(recording));
  try {
    const { text, seconds } = heardIn(await ask(transcriber, recording, options.fetch, signal));
    if (text === undefined) return failed("the answer holds no text", true, estimate);
    const usage = seconds === undefined ? estimate : usageOf(transcriber, seconds);
    return { ok: true, text: shortened(text.trim()), usage };
  } catch (error) {
    if (late.aborted) return failed("no answer came in time", true, estimate);
    const failure = failureOf(error, options.now(), transcriber.apiKey);
    const refused = error instanceof APIError && error.status !== undefined;
    return failed(failure.message, failure.kind !== "bad-request", refused ? undefined : estimate);
  }
}

/** What a recording of so many bytes may cost at most: nobody says reliably how long it is. */
export function transcriptionEstimate(
  transcriber: Transcriber,
  recording: Pick<Recording, "name" | "mime"> & { size: number },
): Estimate {
  return usageOf(transcriber, secondsAtMost({ ...recording, bytes: { length: recording.size } }));
}

function ask(
  { provider, model, baseURL, apiKey }: Transcriber,
  recording: Recording,
  fetch: TranscribeOptions["fetch"],
  signal: AbortSignal,
): Promise<unknown> {
  const sending = Object.assign((...call: Parameters<typeof fetch>) => fetch(...call), { Response: Probe });
  // A server that asks for no key gets none.
  const headers = apiKey ? {} : { defaultHeaders: { Authorization: null } };
  const options = { apiKey: apiKey || "none", baseURL, fetch: sending, maxRetries: 0 };
  const client = new OpenAI({ ...options, ...headers });
  const type = recording.mime ?? "application/octet-stream";
  const file = new File([recording.bytes as Uint8Array<ArrayBuffer>], fileName(recording), { type });
  // Only this format tells the length; servers of one's own may not know it.
  const response_format = provider === "custom" ? ("json" as const) : ("verbose_json" as const);
  const body = { file, model, response_format };
  return client.audio.transcriptions.create(body, { signal });
}

/** The library finds out by this whether fetch can send forms, else by a request. Fetch can. */
class Probe {
  async text(): Promise<string> {
    return "";
  }
}

function heardIn(answer: unknown): { text?: string; seconds?: number } {
  const { text, duration, usage } = (answer ?? {}) as Record<string, unknown>;
  const seconds = Number(duration ?? (usage as { seconds?: unknown } | undefined)?.seconds ?? Number.NaN);
  return {
    ...(typeof text === "string" ? { text } : {}),
    ...(Number.isFinite(seconds) && seconds >= 0 ? { seconds } : {}),
  };
}

function failed(reason: string, down: boolean, usage: Usage | undefined): Transcription {
  return { ok: false, reason, down, ...(usage ? { usage } : {}) };
}

function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST).toWellFormed()}… (cut)` : text;
}

function usageOf({ price }: Transcriber, seconds: number): Usage {
  const usd = price(seconds);
  const inputTokens = Math.ceil(seconds * TOKENS_A_SECOND);
  return { inputTokens, outputTokens: 0, ...(usd === undefined ? {} : { usd }) };
}

/** Voice codecs go down to 8 kbit/s; the others are hardly ever below 32 kbit/s. */
function secondsAtMost(recording: Pick<Recording, "name" | "mime"> & { bytes: { length: number } }): number {
  const compact = /^(ogg|webm)$/.test(fileName(recording).split(".").at(-1)!);
  return Math.ceil(recording.bytes.length / (compact ? 1000 : 4000));
}

/** Providers tell the format by the ending alone, and not all know every name for Ogg. */
function fileName({ name, mime = "" }: Pick<Recording, "name" | "mime">): string {
  const ending = /\.([a-z0-9]{2,4})$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  return `recording.${KNOWN.has(ending) ? ending : (ENDINGS[ending] ?? byType(mime))}`;
}

const KNOWN = new Set(["flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "ogg", "wav", "webm"]);
const ENDINGS: Record<string, string> = { oga: "ogg", opus: "ogg" };

function byType(mime: string): string {
  const type = mime.split(";")[0]!.trim().toLowerCase().split("/")[1] ?? "";
  const found = { mpeg: "mp3", mp3: "mp3", mp4: "m4a", "x-m4a": "m4a", wav: "wav", "x-wav": "wav" }[type];
  return found ?? (KNOWN.has(type) ? type : "ogg");
}
