import type { Channel, Limits } from "../channel.ts";
import { download } from "./download.ts";
import { FILES } from "./files.ts";
import { readRaw } from "./from-event.ts";
import { needs, problem } from "./problem.ts";
import { receive } from "./receive.ts";
import { PARTS, render, TEXT } from "./render.ts";
import { send, UUID_LENGTH, UUID_WINDOW_MS } from "./send.ts";
import { probe, setup } from "./setup.ts";

const limits: Limits = {
  text: TEXT,
  parts: PARTS,
  streaming: { direct: "edits", group: "edits" },
  editIntervalMs: 3000,
  // https://open.feishu.cn/document/server-docs/im-v1/message/update
  editsPerMessage: 20,
  // Five a second to one chat, shared with other bots, and 1,000 a minute to all: one chat takes a part of it.
  perMinute: 100,
  // 1,000 a minute and 50 a second in all: https://open.feishu.cn/document/server-docs/im-v1/message/create
  fanOutPerSecond: 10,
  sendKey: { windowMs: UUID_WINDOW_MS, maxLength: UUID_LENGTH },
  // The reaction stays until it is taken away.
  typingMs: 10 * 60_000,
  typingEnds: true,
  files: FILES,
  prefix: false,
};

/**
 * Feishu (China) and Lark (elsewhere), by webhook and REST, or with `FEISHU_LONG_CONNECTION` by the companion. Variables: `FEISHU_APP_ID`, `FEISHU_APP_SECRET`,
 * `FEISHU_ENCRYPT_KEY`, `FEISHU_VERIFICATION_TOKEN`; `FEISHU_DOMAIN`, `FEISHU_API_ROOT`, `FEISHU_BOT_OPEN_ID`.
 */
export const feishu: Channel = {
  name: "feishu",
  limits,
  needs,
  problem,
  receive,
  readRaw,
  render,
  send,
  download,
  setup,
  probe,
};
