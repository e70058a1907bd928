import type { TestProject } from "vitest/node";
import type { PeerAddresses } from "./peers/protocol.ts";
import { startPeers } from "./peers/start.ts";

declare module "vitest" {
  interface ProvidedContext {
    peers: PeerAddresses;
    /** `FAULTS=all`: every point, not only the edges of ticks. `SEED` chooses the sample of `npm test`. */
    faults: { all: boolean; seed: number };
  }
}

/** Starts the peers once for all flows; a test gets their addresses with `inject("peers")`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const peers = await startPeers();
  project.provide("peers", peers.addresses);
  return () => peers.close();
}
