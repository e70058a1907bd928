import * as z from "zod";

/** Who is asked unless the install says otherwise. */
export const RESOLVER = "https://cloudflare-dns.com/dns-query";

/** https://developers.cloudflare.com/1.1.1.1/encryption/dns-over-https/make-api-requests/dns-json/ */
const reply = z.object({
  Status: z.number(),
  Answer: z.array(z.object({ type: z.number(), data: z.string() })).optional(),
});

const RECORDS = { A: 1, AAAA: 28 } as const;
const NO_SUCH_NAME = 3;

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Looks names up by DNS over HTTPS in its JSON form: all A and AAAA records, also those behind a CNAME. */
export function resolverOverHttps(fetch: Fetch, resolver: string = RESOLVER) {
  return async (name: string, signal: AbortSignal): Promise<string[]> => {
    const records = Object.keys(RECORDS) as (keyof typeof RECORDS)[];
    return (await Promise.all(records.map((type) => ask(fetch, resolver, name, type, signal)))).flat();
  };
}

async function ask(
  fetch: Fetch,
  resolver: string,
  name: string,
  type: keyof typeof RECORDS,
  signal: AbortSignal,
): Promise<string[]> {
  const url = `${resolver}?${new URLSearchParams({ name, type })}`;
  const response = await fetch(url, {
    headers: { accept: "application/dns-json" },
    redirect: "manual",
    signal,
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`The resolver answered ${response.status}.`);
  }
  const { Status, Answer = [] } = reply.parse(await response.json());
  if (Status !== 0 && Status !== NO_SUCH_NAME) throw new Error(`The resolver failed with ${Status}.`);
  return Answer.filter((record) => record.type === RECORDS[type]).map(({ data }) => data);
}
