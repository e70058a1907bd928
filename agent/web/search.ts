import * as z from "zod";

/** A hit of a search. */
export interface Found {
  title: string;
  url: string;
  /** What the page says about it, plain; may be empty. */
  snippet: string;
}

/** A search that gave nothing: its message says what to do. */
export class SearchError extends Error {}

/** Where the search is, and the key for it. */
export interface SearchAccess {
  /** Without a slash at the end. */
  base: string;
  key: string;
}

export const BRAVE = "https://api.search.brave.com/res/v1";
export const NO_KEY =
  "The web cannot be searched: this install has no key. Its owner gets one at https://brave.com/search/api and sets BRAVE_API_KEY. web_fetch reads pages whose address is known.";

/** Who searches, for `status`. */
export function searchName(vars: Readonly<Record<string, string | undefined>>): string {
  return vars.BRAVE_API_KEY ? "Brave" : "not set up";
}

const reply = z.object({
  web: z
    .object({
      results: z.array(z.object({ title: z.string(), url: z.string(), description: z.string().nullish() })),
    })
    .nullish(),
});

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * Asks Brave. Throws `SearchError` when it refuses or does not answer.
 * https://api-dashboard.search.brave.com/app/documentation/web-search/get-started
 */
export async function search(
  fetch: Fetch,
  { base, key }: SearchAccess,
  query: string,
  count: number,
  signal: AbortSignal,
): Promise<Found[]> {
  const parameters = new URLSearchParams({ q: query, count: String(count), text_decorations: "false" });
  const headers = { accept: "application/json", "x-subscription-token": key };
  const url = `${base}/web/search?${parameters}`;
  const response = await fetch(url, { headers, redirect: "manual", signal }).catch(() => {
    throw signal.aborted ? signal.reason : new SearchError("The search did not answer; try again later.");
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new SearchError(refusal(response));
  }
  const parsed = reply.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success) throw new SearchError("The search answered something else than results.");
  return (parsed.data.web?.results ?? [])
    .slice(0, count)
    .map(({ title, url, description }) => ({ title: plain(title), url, snippet: plain(description ?? "") }));
}

function refusal({ status, headers }: Response): string {
  if (status === 401 || status === 403)
    return "The search refused this install's key; its owner should check BRAVE_API_KEY.";
  if (status === 429) {
    const wait = headers.get("retry-after") ?? headers.get("x-ratelimit-reset")?.split(",")[0];
    const when = wait && /^\d+$/.test(wait) ? `in ${wait} s` : "later";
    return `The search has had too many questions, or the month's are used up; try again ${when}.`;
  }
  if (status === 400 || status === 422)
    return "The search refused the question; ask with fewer, plain words.";
  return `The search failed (${status}); try again later.`;
}

/** A text as one line, without the marks of emphasis. */
function plain(text: string): string {
  return text
    .replace(/<\/?[a-z][^>]*>/gi, "")
    .replace(/\s+/g, " ")
    .trim();
}
