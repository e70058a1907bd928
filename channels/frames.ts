import * as z from "zod";
import type { Inbound } from "./channel.ts";
import { jsonOf } from "./json.ts";

/**
 * The wire between the companion and the Worker: one WebSocket at `/bridge`, JSON in text frames. Both sides keep what
 * they send in SQLite until the other side said that it stored it; what comes twice has no second effect.
 */
export const PROTOCOL = 1;

/** Close codes of `/bridge`. `again`: whether the companion comes back, and after how long at least. */
export const CLOSE = {
  /** The Worker or the companion ends in good order. */
  going: { code: 1001, again: true, pauseMs: 0 },
  /** A frame that is none. The companion's version does not fit the Worker's. */
  badFrame: { code: 4400, again: true, pauseMs: 60_000 },
  /** The token was changed. */
  unauthorized: { code: 4401, again: false, pauseMs: 0 },
  /** Another companion took over; this one leaves the line to it. */
  superseded: { code: 4409, again: false, pauseMs: 0 },
  /** The two speak different versions of this protocol. */
  version: { code: 4426, again: false, pauseMs: 0 },
} as const;

/** The companion says how it is this often, in milliseconds. */
export const HEALTH_MS = 60_000;
/** Main is told that the companion is offline after so many milliseconds without a word. */
export const OFFLINE_MS = 90_000;
/** Bytes of one file from the companion. */
export const MEDIA_CAP = 20 * 1024 * 1024;

/** What the Worker asks of a connector. The id of the command makes its repetition harmless. */
export const commandSchema = z.discriminatedUnion("do", [
  z.object({
    do: z.literal("send"),
    chatId: z.string().min(1),
    text: z.string().min(1),
    replyTo: z.string().optional(),
  }),
  /** A file that the companion fetches from the Worker at `/bridge/<key>`; `text` stands beside it. */
  z.object({
    do: z.literal("send-file"),
    chatId: z.string().min(1),
    file: z.object({
      key: z.string().regex(/^media\/[a-z0-9_-]+\/[0-9a-f]{64}$/),
      name: z.string().min(1),
      mime: z.string().min(1),
      size: z.number().int().positive(),
      /** Shown as a picture, not as a file. */
      picture: z.boolean(),
    }),
    text: z.string().optional(),
    replyTo: z.string().optional(),
  }),
  z.object({
    do: z.literal("edit"),
    chatId: z.string().min(1),
    messageId: z.string().min(1),
    text: z.string().min(1),
  }),
  z.object({
    do: z.literal("react"),
    chatId: z.string().min(1),
    messageId: z.string().min(1),
    emoji: z.string(),
  }),
  /** Uploads a file that a message carried; `ref` as `Attachment.ref`. */
  z.object({ do: z.literal("download"), ref: z.string().min(1) }),
  /** Links the account: by pairing code with a phone number (digits, with country code), else by QR code. */
  z.object({ do: z.literal("link"), phone: z.string().optional() }),
  /** Forgets the link. */
  z.object({ do: z.literal("unlink") }),
]);
export type Command = z.infer<typeof commandSchema>;

/** What is asked and needs no answer: it is worthless later. */
export const hintSchema = z.object({ do: z.literal("typing"), chatId: z.string().min(1) });
export type Hint = z.infer<typeof hintSchema>;

/** How a command ended. */
export const resultSchema = z.discriminatedUnion("outcome", [
  z.object({
    outcome: z.literal("done"),
    /** Of what was sent. */
    messageId: z.string().optional(),
    /** The R2 key of what was uploaded. */
    media: z.string().optional(),
  }),
  /** Certainly not done; may be tried again. */
  z.object({ outcome: z.literal("retry"), afterMs: z.number().nonnegative(), reason: z.string() }),
  /** Certainly not done, and it never will be. */
  z.object({ outcome: z.literal("failed"), reason: z.string() }),
  /** It may or may not have been done. */
  z.object({ outcome: z.literal("unknown"), reason: z.string() }),
]);
export type Result = z.infer<typeof resultSchema>;

/**
 * What became of a command: its result, or nobody was there to do it. Who asked is knocked at when somebody is. `given`:
 * a companion had been given it before, so it may have been done.
 */
export type Answer = Result | { outcome: "absent"; reason: string; given?: true };

/** How a connector is. `qr` and `code` are shown to the owner, who links the account with them. */
export const connectorSchema = z.object({
  channel: z.string().min(1).max(20),
  state: z.enum(["ready", "connecting", "linking", "not linked", "logged out", "failed", "off"]),
  /** The text of the QR code to scan. */
  qr: z.string().max(1000).optional(),
  /** The pairing code to type. */
  code: z.string().max(20).optional(),
  /** The account, as people know it. */
  account: z.string().max(100).optional(),
  /** What went wrong and what to do. */
  problem: z.string().max(300).optional(),
  /** Milliseconds since the epoch. */
  lastEventAt: z.number().optional(),
});
export type ConnectorState = z.infer<typeof connectorSchema>;

/** What a connector heard. Its own shape is checked here, the rest is the mapping's word. */
const eventSchema = z.custom<Inbound>((value) => {
  const event = value as Inbound | undefined;
  return (
    typeof event === "object" &&
    event !== null &&
    ["message", "edit", "migration", "reaction", "press"].includes(event.kind) &&
    typeof event.key === "string" &&
    event.key !== "" &&
    typeof event.address === "string" &&
    typeof event.chat?.id === "string" &&
    (event.kind === "migration" || typeof event.sender?.id === "string")
  );
}, "not an event");

const seq = z.number().int().positive();

/** Companion to Worker. */
export const upSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("hello"),
    protocol: z.number(),
    /** The id of the companion's disk. */
    companion: z.string().min(1).max(64),
    version: z.string().max(40),
    connectors: z.array(connectorSchema).max(10),
  }),
  z.object({ type: z.literal("event"), seq, event: eventSchema }),
  /** An event as its platform gave it; its channel reads it at the Worker. */
  z.object({ type: z.literal("raw"), seq, channel: z.string().min(1).max(20), event: z.unknown() }),
  z.object({ type: z.literal("result"), seq, id: z.string().min(1), result: resultSchema }),
  /** Commands that are on the companion's disk now. */
  z.object({ type: z.literal("ack"), ids: z.array(z.string()).max(100) }),
  z.object({
    type: z.literal("health"),
    connectors: z.array(connectorSchema).max(10),
    /** Events and results that wait to be taken. */
    waiting: z.number(),
  }),
]);
export type Up = z.infer<typeof upSchema>;

/** Worker to companion. */
export const downSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("welcome"), epoch: z.number() }),
  /** Events and results that are stored where they belong. */
  z.object({ type: z.literal("ack"), seqs: z.array(seq).max(100) }),
  /** Not stored. With `afterMs` it may be later; without it never. */
  z.object({
    type: z.literal("refused"),
    seq,
    reason: z.string(),
    afterMs: z.number().nonnegative().optional(),
  }),
  z.object({
    type: z.literal("command"),
    id: z.string().min(1),
    channel: z.string(),
    command: commandSchema,
  }),
  z.object({ type: z.literal("hint"), channel: z.string(), hint: hintSchema }),
]);
export type Down = z.infer<typeof downSchema>;

/** Reads a frame; undefined for what is none. */
export function readFrame<T>(schema: z.ZodType<T>, data: unknown): T | undefined {
  return typeof data === "string" ? schema.safeParse(jsonOf(data)).data : undefined;
}

/** The companion, as a channel uses it. */
export interface Companion {
  /** Has a command done, once for an id. Never throws: what is not known is `unknown`. */
  command(id: string, channel: string, command: Command): Promise<Answer>;
  hint(channel: string, hint: Hint): Promise<void>;
  /** How its connector for a channel is. Undefined: the companion is offline, or does not carry the channel. */
  state(channel: string): Promise<ConnectorState | undefined>;
  /** Takes what the companion uploaded; it is gone afterwards. */
  take(media: string): Promise<{ body: ReadableStream<Uint8Array>; size: number } | undefined>;
}
