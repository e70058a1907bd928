import type { Found } from "./search.ts";

/** A turn's way to the web. Whatever comes from it gives the turn the label `outside`. */
export interface Web {
  /** Gets an address through the outbound gate. Throws `GateError`. Read the body or cancel it. */
  get(url: string): Promise<Response>;
  /** Searches the web. Throws `SearchError`, also where the install has no key. */
  search(query: string, count: number): Promise<Found[]>;
}
