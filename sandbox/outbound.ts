import type { Credential } from "../agent/credentials.ts";
import { readEgress, whyNoEgress } from "../agent/egress.ts";
import { checkAddress, type GatePorts } from "../agent/web/gate.ts";
import { GateError } from "../agent/web/gate-error.ts";
import type { Reach } from "./hands.ts";
import { whyNotReading } from "./reading.ts";

/** What a request of a container passes through. */
export interface OutboundPorts extends Pick<GatePorts, "resolve" | "inside"> {
  fetch(request: Request): Promise<Response>;
  credentials: readonly Credential[];
  /** Called before anything of the host can come back. */
  noteHost(host: string): Promise<void>;
}

/** Milliseconds to find out what a name resolves to. */
const RESOLVE_MS = 5_000;

/**
 * Every HTTP and HTTPS request of a container. The group's setting decides by the name, the gate by the address, and a
 * credential is added that the container never sees. Redirects go back to the container and come through here again.
 */
export async function outbound(
  request: Request,
  reach: Reach | undefined,
  ports: OutboundPorts,
): Promise<Response> {
  const url = new URL(request.url);
  const why = reach ? whyNot(request, url, reach) : "No command has said what it may reach.";
  if (why) return refused(why);
  try {
    const signal = AbortSignal.timeout(RESOLVE_MS);
    await checkAddress(request.url, { ...ports, fetch: () => Promise.reject(new Error("unused")) }, signal);
  } catch (error) {
    if (error instanceof GateError) return refused(error.message);
    return refused(`It could not be found out where ${url.hostname} is.`);
  }
  await ports.noteHost(url.hostname);
  return ports.fetch(withCredential(request, url, reach!, ports.credentials));
}

/** A turn that has read text from outside reaches listed hosts alone, and only to read. */
function whyNot(request: Request, url: URL, { egress, outside }: Reach): string | undefined {
  const policy = readEgress(egress);
  if (!outside) return whyNoEgress(url.hostname, policy);
  const listed = policy.mode === "open" ? readEgress("allowlist") : policy;
  return whyNoEgress(url.hostname, listed) ?? whyNotReading(request, url);
}

/** Only main, and groups for which main wrote the host down, act in the owner's name. */
function withCredential(
  request: Request,
  url: URL,
  reach: Reach,
  credentials: readonly Credential[],
): Request {
  const headers = new Headers(request.headers);
  const found = credentials.find(({ host }) => host === url.hostname);
  const granted = reach.main || readEgress(reach.egress).hosts.includes(url.hostname);
  const safe = url.protocol === "https:" && !reach.outside;
  if (found && granted && safe) headers.set(found.header, found.value);
  return new Request(request, { headers, redirect: "manual" });
}

function refused(why: string): Response {
  return new Response(`${why}\n`, { status: 403, headers: { "content-type": "text/plain" } });
}
