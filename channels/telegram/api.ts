import type { ApiResponse } from "grammy/types";
import { Api, GrammyError, HttpError } from "grammy/web";
import type { ChannelEnv } from "../channel.ts";
import { apiRoot } from "./root.ts";

/** How long a call may take until its outcome counts as unknown. */
export const TIMEOUT_SECONDS = 30;
const UPLOAD_SECONDS = 60;

/** The bot's numeric id, which is the first half of its token. NaN without one. */
export function botIdOf(vars: ChannelEnv["vars"]): number {
  return Number.parseInt(vars.TELEGRAM_BOT_TOKEN ?? "", 10);
}

/**
 * The Bot API for one request. Calls throw grammY's `GrammyError` (refused) or `HttpError` (no answer).
 * `fetch` is taken out of `env` because workerd refuses to be asked for it as a method.
 */
export function apiOf({ vars, fetch }: ChannelEnv): Api {
  return new Api(vars.TELEGRAM_BOT_TOKEN ?? "", {
    apiRoot: apiRoot(vars),
    timeoutSeconds: TIMEOUT_SECONDS,
    // A redirect would carry the token to another host.
    baseFetchConfig: { redirect: "manual" },
    fetch: (async (input: RequestInfo, init?: RequestInit) =>
      answered(await reached(fetch, input, init))) as typeof fetch,
  });
}

/**
 * A call that brings files, with the same errors. grammY would send them in pieces of untold length and with names that
 * are not quoted, which not every server and proxy takes.
 */
export async function upload<T>({ vars, fetch }: ChannelEnv, method: string, form: FormData): Promise<T> {
  const url = `${apiRoot(vars)}/bot${vars.TELEGRAM_BOT_TOKEN}/${method}`;
  const signal = AbortSignal.timeout(UPLOAD_SECONDS * 1000);
  const request = { method: "POST", body: form, redirect: "manual", signal } as const;
  const answer = await reached(fetch, url, request)
    .then(answered)
    .then((response) => response.json() as Promise<ApiResponse<T>>)
    .catch((error) => {
      throw new HttpError(`${method} had no answer`, error);
    });
  if (!answer.ok) throw new GrammyError(`${method} was refused`, answer, method, {});
  return answer.result;
}

/** The connection could not be made, or was lost before any answer began. */
export class Unreached extends Error {
  override name = "Unreached";
}

async function reached(
  fetch: ChannelEnv["fetch"],
  input: RequestInfo,
  init?: RequestInit,
): Promise<Response> {
  try {
    return await fetch(input, init);
  } catch (error) {
    throw init?.signal?.aborted ? error : new Unreached("the connection was lost", { cause: error });
  }
}

/** Proxies and overloaded servers answer in HTML; grammY would forget their status. */
async function answered(response: Response): Promise<Response> {
  const text = await response.text();
  if (isAnswer(text)) return new Response(text);
  if (response.ok) throw new Error("the Bot API's answer broke off");
  return Response.json({
    ok: false,
    error_code: response.status,
    description: response.statusText || "no answer of the Bot API",
  });
}

function isAnswer(text: string): boolean {
  try {
    return typeof JSON.parse(text).ok === "boolean";
  } catch {
    return false;
  }
}

const usernames = new Map<string, string>();

/** The bot's @name without the @, lower case. Asked for once per isolate and token; throws when Telegram is silent. */
export async function usernameOf(env: ChannelEnv): Promise<string> {
  const key = `${apiRoot(env.vars)} ${env.vars.TELEGRAM_BOT_TOKEN}`;
  const known = usernames.get(key);
  if (known !== undefined) return known;
  const { username } = await apiOf(env).getMe();
  usernames.set(key, username.toLowerCase());
  return username.toLowerCase();
}
