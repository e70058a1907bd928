import { type Call, type Handler, json } from "./http.ts";
import type { WebCall, WebPage } from "./protocol.ts";

/** A web of pages that tests write, a search that knows what tests tell it, and names that lead where tests say. */
export class PeerWeb {
  readonly #pages = new Map<string, WebPage>();
  readonly #names = new Map<string, string[]>();
  readonly #calls: WebCall[] = [];

  put(page: WebPage): void {
    this.#pages.set(page.path, page);
  }

  name(name: string, addresses: string[]): void {
    this.#names.set(name, addresses);
  }

  /** Calls whose path and query contain this. */
  query(containing: string): WebCall[] {
    return this.#calls.filter(({ path }) => path.includes(containing));
  }

  readonly handle: Handler = async (call) => {
    const path = call.path + call.url.search;
    this.#note(path, call);
    const page = this.#pages.get(path) ?? this.#pages.get(call.path);
    if (!page) return void call.response.writeHead(404, { "content-type": "text/plain" }).end("no such page");
    call.response.writeHead(
      page.status ?? 200,
      page.headers ?? { "content-type": "text/html; charset=utf-8" },
    );
    call.response.end(page.body ?? "");
  };

  /** Brave's: the pages whose path begins with `/found/` and the query are its answers, as JSON. */
  readonly search: Handler = async (call) => {
    const query = call.url.searchParams.get("q") ?? "";
    this.#note(`/search?${call.url.searchParams}`, call);
    const page = this.#pages.get(`/found/${query}`);
    const { status = 200, headers, body = JSON.stringify({ web: { results: [] } }) } = page ?? {};
    call.response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
  };

  /** DNS over HTTPS, in JSON. */
  readonly resolve: Handler = async ({ url, response }) => {
    const addresses = this.#names.get(url.searchParams.get("name") ?? "");
    const type = url.searchParams.get("type") === "AAAA" ? 28 : 1;
    const fitting = addresses?.filter((address) => address.includes(":") === (type === 28));
    json(response, { Status: addresses ? 0 : 3, Answer: fitting?.map((data) => ({ type, data })) });
  };

  #note(path: string, { method, headers }: Call): void {
    this.#calls.push({ method, path, headers: headers as WebCall["headers"] });
  }
}
