import type { ChannelEnv } from "../channel.ts";
import type { OutgoingFile } from "../files.ts";
import { jsonOf } from "../json.ts";
import { noteLimits, pauseBefore } from "./buckets.ts";

/** How long a call may take until its outcome counts as unknown. */
const TIMEOUT_MS = 15_000;
const UPLOAD_MS = 60_000;

/** One request to the API. `path` begins with a slash; `auth` false where the path itself holds a token. */
export interface Call {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  body?: unknown;
  /** They go with the body in one form, as `files[0]` and on. */
  files?: readonly OutgoingFile[];
  auth?: false;
}

/** What came back. `json` is undefined where the body is none. */
export type Reply =
  | { status: number; json: unknown; retryAfterMs?: number }
  /** Nothing did. `lost`: the connection could not be made or broke at once; `silent`: it timed out. */
  | { status: 0; trouble: "lost" | "silent" }
  /** Nothing was sent: an earlier answer says that it would be refused. */
  | { status: 429; json: undefined; retryAfterMs: number };

/** Where the API lives: `DISCORD_API_ROOT` with or without its version, or Discord's own. */
export function apiRoot(vars: ChannelEnv["vars"]): string {
  const root = vars.DISCORD_API_ROOT ?? "https://discord.com/api";
  return `${root.replace(/\/+$/, "").replace(/\/v\d+$/, "")}/v10`;
}

/** Makes one call. Never throws. */
export async function call({ method, path, body, files, auth }: Call, env: ChannelEnv): Promise<Reply> {
  const host = apiRoot(env.vars);
  const route = { host, method, path };
  const pause = pauseBefore(route, env.now());
  if (pause > 0) return { status: 429, json: undefined, retryAfterMs: pause };
  const { fetch } = env;
  const signal = AbortSignal.timeout(files ? UPLOAD_MS : TIMEOUT_MS);
  try {
    // A redirect would carry the token to another host.
    const response = await fetch(`${host}${path}`, {
      method,
      signal,
      redirect: "manual",
      headers: headersOf(env, body !== undefined && !files, auth),
      ...(body === undefined ? {} : { body: files ? formOf(body, files) : JSON.stringify(body) }),
    });
    const json = jsonOf(await response.text().catch(() => ""));
    const retryAfterMs = response.status === 429 ? askedFor(response, json) : undefined;
    noteLimits(route, response.headers, env.now(), retryAfterMs);
    return { status: response.status, json, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  } catch {
    return { status: 0, trouble: signal.aborted ? "silent" : "lost" };
  }
}

/** https://discord.com/developers/docs/reference#uploading-files */
function formOf(body: unknown, files: readonly OutgoingFile[]): FormData {
  const form = new FormData();
  form.set("payload_json", JSON.stringify(body));
  files.forEach(({ bytes, mime, name }, index) => {
    form.set(`files[${index}]`, new Blob([bytes!], { type: mime }), name);
  });
  return form;
}

/** What Discord says of a refusal, without anything secret. */
export function refusalOf({ status, json }: { status: number; json?: unknown }): {
  code: number;
  said: string;
} {
  const { code, message } = (json ?? {}) as { code?: unknown; message?: unknown };
  return {
    code: typeof code === "number" ? code : 0,
    said: typeof message === "string" && message ? message.slice(0, 200) : `status ${status}`,
  };
}

function headersOf({ vars }: ChannelEnv, hasBody: boolean, auth?: false): HeadersInit {
  return {
    // Who does not say so is turned away: https://discord.com/developers/docs/reference#user-agent
    "user-agent": `DiscordBot (https://discord.com/developers/applications/${vars.DISCORD_APPLICATION_ID}, 1)`,
    ...(hasBody ? { "content-type": "application/json" } : {}),
    ...(auth === false ? {} : { authorization: `Bot ${vars.DISCORD_BOT_TOKEN}` }),
  };
}

/** The body is the more exact one; a proxy has only the header. */
function askedFor(response: Response, json: unknown): number {
  const { retry_after } = (json ?? {}) as { retry_after?: unknown };
  const seconds =
    typeof retry_after === "number" ? retry_after : Number(response.headers.get("retry-after") ?? 5);
  return Math.ceil((Number.isFinite(seconds) && seconds > 0 ? seconds : 1) * 1000);
}
