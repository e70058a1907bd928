import * as z from "zod";
import type { ChannelEnv } from "../channel.ts";
import { jsonOf } from "../json.ts";

/** How long a call may take until its outcome counts as unknown. */
const TIMEOUT_MS = 30_000;
/** A token is not used in its last minute: the clocks may differ, and the call takes its time. */
const EARLY_MS = 60_000;

const HOSTS = { feishu: "https://open.feishu.cn", lark: "https://open.larksuite.com" };

/** "The access token is invalid or expired": https://open.feishu.cn/document/server-docs/api-call-guide/generic-error-code */
const STALE_TOKEN = new Set([99991661, 99991663, 99991664, 99991665, 99991668, 99991671]);

/** Where the cloud's API lives, without `/open-apis`. `FEISHU_API_ROOT` wins over `FEISHU_DOMAIN`. */
export function apiRoot({ FEISHU_API_ROOT: root, FEISHU_DOMAIN: domain }: ChannelEnv["vars"]): string {
  if (root) return root.replace(/\/+$/, "").replace(/\/open-apis$/, "");
  return HOSTS[domainOf(domain) ?? "feishu"];
}

/** `feishu` (the default) or `lark`; undefined for what is neither. */
export function domainOf(value: string | undefined): keyof typeof HOSTS | undefined {
  const name = value?.trim().toLowerCase() || "feishu";
  return name === "feishu" || name === "lark" ? name : undefined;
}

/** A call, as the platform's pages write it: the path stands behind `/open-apis`. */
export interface Call {
  method: "GET" | "POST" | "PUT" | "DELETE";
  path: string;
  /** JSON, or a form with files. */
  body?: unknown;
  timeoutMs?: number;
}

/** The platform answered, and said no. */
export interface Refusal {
  ok: false;
  /** The HTTP status, and the platform's own code (the status again where it gave none). */
  status: number;
  code: number;
  reason: string;
  /** When it may be tried again, where the platform says so. */
  afterMs?: number;
  /** It refused the token already: the call itself never left. */
  before?: true;
}

export type Answer = { ok: true; data: Record<string, unknown> } | Refusal;

/**
 * No usable answer came. `token`: none for the token, so the call never left. `lost`: the connection could not be made
 * or broke. `silent`: the time was up, or the answer broke off.
 */
export class Silence extends Error {
  override name = "Silence";
  readonly phase: "token" | "lost" | "silent";

  constructor(phase: Silence["phase"], cause?: unknown) {
    super("Feishu did not answer.", { cause });
    this.phase = phase;
  }
}

/** Makes a call with the app's token; a token that has died is replaced once. Throws `Silence`. */
export async function call(env: ChannelEnv, made: Call): Promise<Answer> {
  const response = await fetchAs(env, made);
  return response instanceof Response ? read(response, env.vars) : response;
}

/** The same for bytes: an answer that is not JSON is given as it is, for the caller to consume or cancel. */
export async function callForBytes(env: ChannelEnv, made: Call): Promise<Response | Refusal> {
  const response = await fetchAs(env, made);
  if (!(response instanceof Response) || !isAnswer(response)) return response;
  const answer = await read(response, env.vars);
  return answer.ok ? { ok: false, status: 200, code: 0, reason: "Feishu gave no file." } : answer;
}

async function fetchAs(env: ChannelEnv, made: Call): Promise<Response | Refusal> {
  for (let fresh = false; ; fresh = true) {
    const token = await tokenOf(env, fresh, made.timeoutMs);
    if (typeof token !== "string") return { ...token, before: true };
    const response = await request(env, made, token);
    if (fresh || !isAnswer(response)) return response;
    const answer = await read(response.clone(), env.vars);
    if (answer.ok || !STALE_TOKEN.has(answer.code)) return response;
    await response.body?.cancel();
  }
}

/** `fetch` is taken out of `env` because workerd refuses to be asked for it as a method. */
async function request({ vars, fetch }: ChannelEnv, made: Call, token?: string): Promise<Response> {
  const signal = AbortSignal.timeout(made.timeoutMs ?? TIMEOUT_MS);
  const isForm = made.body instanceof FormData;
  try {
    return await fetch(`${apiRoot(vars)}/open-apis${made.path}`, {
      method: made.method,
      headers: {
        ...(isForm ? {} : { "content-type": "application/json; charset=utf-8" }),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      },
      body:
        isForm || made.body === undefined ? (made.body as FormData | undefined) : JSON.stringify(made.body),
      // A redirect would carry the token to another host.
      redirect: "manual",
      signal,
    });
  } catch (error) {
    throw new Silence(signal.aborted ? "silent" : "lost", error);
  }
}

const envelope = z.looseObject({ code: z.number().int(), msg: z.string().catch("") });

async function read(response: Response, vars: ChannelEnv["vars"]): Promise<Answer> {
  const text = await response.text().catch((error) => {
    throw new Silence("silent", error);
  });
  const parsed = envelope.safeParse(jsonOf(text));
  if (parsed.success && parsed.data.code === 0 && response.ok) return { ok: true, data: parsed.data };
  if (!parsed.success && response.ok) throw new Silence("silent");
  const { code, msg } = parsed.data ?? { code: response.status, msg: response.statusText };
  const said = msg.replaceAll(vars.FEISHU_APP_SECRET || "\0", "[secret]").slice(0, 300);
  return {
    ok: false,
    status: response.status,
    code,
    reason: `Feishu refused: ${said || "no reason"} (${code})`,
    afterMs: resetOf(response),
  };
}

/** Seconds until calls are taken again: https://open.feishu.cn/document/ukTMukTMukTM/uUzN04SN3QjL1cDN */
function resetOf({ headers }: Response): number | undefined {
  const seconds = Number(headers.get("x-ogw-ratelimit-reset") ?? headers.get("retry-after") ?? Number.NaN);
  return seconds >= 0 ? seconds * 1000 : undefined;
}

const tokens = new Map<string, { token: string; until: number }>();

const granted = z.object({ tenant_access_token: z.string().min(1), expire: z.number() });

/**
 * The app's token, kept in the isolate until shortly before its end (two hours at most).
 * https://open.feishu.cn/document/server-docs/authentication-management/access-token/tenant_access_token_internal
 */
async function tokenOf(env: ChannelEnv, fresh: boolean, timeoutMs?: number): Promise<string | Refusal> {
  const { FEISHU_APP_ID: app_id = "", FEISHU_APP_SECRET: app_secret = "" } = env.vars;
  const key = `${apiRoot(env.vars)} ${app_id} ${app_secret}`;
  const known = tokens.get(key);
  if (known && !fresh && env.now() < known.until) return known.token;
  const path = "/auth/v3/tenant_access_token/internal";
  try {
    const response = await request(env, { method: "POST", path, body: { app_id, app_secret }, timeoutMs });
    const answer = await read(response, env.vars);
    if (!answer.ok) return answer;
    const { tenant_access_token: token, expire } = granted.parse(answer.data);
    tokens.set(key, { token, until: env.now() + expire * 1000 - EARLY_MS });
    return token;
  } catch (error) {
    throw new Silence("token", error);
  }
}

/** Whether the platform answers at all, whatever it says. */
export function isThere(env: ChannelEnv): Promise<boolean> {
  return tokenOf(env, true).then(
    () => true,
    () => false,
  );
}

/** A file may be JSON itself; it says its name then. */
function isAnswer({ ok, headers }: Response): boolean {
  const json = (headers.get("content-type") ?? "").includes("json");
  return !ok || (json && !headers.has("content-disposition"));
}
