import type { ChannelEnv, Part, Send, Sent } from "../channel.ts";
import type { OutgoingFile } from "../files.ts";
import { shownFiles } from "./files.ts";
import type { ServerFrame, ShownMessage } from "./frames.ts";

/**
 * Shows something on every open page of the group. Always `sent`, also when no page is open: the history is in the
 * group, and a page that opens later reads it there. The message's id is the send's key, so a repeat is no second one.
 */
export async function send(send: Send, env: ChannelEnv): Promise<Sent> {
  const frame = frameOf(send, env);
  if (!frame) return { outcome: "sent", messageId: "" };
  env.broadcast?.(JSON.stringify(frame));
  return { outcome: "sent", messageId: frame.type === "message" ? frame.message.id : "" };
}

function frameOf(send: Send, env: ChannelEnv): ServerFrame | undefined {
  switch (send.type) {
    case "message":
      return {
        type: "message",
        message: {
          ...shown(send.key, send.part, send.asPlain, env, send.files),
          ...(send.choices ? { choices: send.choices } : {}),
        },
      };
    case "edit":
      return { type: "message", message: shown(send.messageId, send.part, send.asPlain, env) };
    case "draft":
      return { type: "draft", text: send.part.plain, html: send.part.body };
    case "typing":
      return { type: "busy", busy: true };
    case "activity":
      return { type: "activity", text: send.text };
    case "dismiss":
    case "seen":
      return undefined;
  }
}

function shown(
  id: string,
  part: Part,
  asPlain: boolean | undefined,
  env: ChannelEnv,
  files?: OutgoingFile[],
): ShownMessage {
  const name = env.vars.ASSISTANT_NAME ?? "Flare";
  return {
    id,
    from: "assistant",
    name,
    text: part.plain,
    html: asPlain ? undefined : part.body,
    at: env.now(),
    ...shownFiles(files),
  };
}
