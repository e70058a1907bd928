import {
  Browsers,
  type GroupMetadata,
  makeCacheableSignalKeyStore,
  makeWASocket,
  type WASocket,
} from "baileys";
import { pino } from "pino";
import type { WhatsAppDisk } from "./disk.ts";

export interface SocketOptions {
  disk: WhatsAppDisk;
  /** Another server than WhatsApp's, for tests. */
  url?: string;
  /** `silent` unless somebody looks for a fault. */
  logLevel: string;
  metadataOf(group: string): GroupMetadata | undefined;
}

/** A connection to WhatsApp with the keys on the disk. Its history stays where it is: only what is new matters. */
export function openSocket({ disk, url, logLevel, metadataOf }: SocketOptions): WASocket {
  const logger = pino({ level: logLevel });
  const { state, save } = disk.auth();
  const socket = makeWASocket({
    auth: { creds: state.creds, keys: makeCacheableSignalKeyStore(state.keys, logger) },
    logger,
    browser: Browsers.ubuntu("nanoflare"),
    ...(url ? { waWebSocketUrl: url } : {}),
    // Otherwise the phone shows no notifications any more.
    markOnlineOnConnect: false,
    syncFullHistory: false,
    shouldSyncHistoryMessage: () => false,
    getMessage: async ({ id, remoteJid }) =>
      id ? (disk.message(id, remoteJid ?? undefined)?.message ?? undefined) : undefined,
    cachedGroupMetadata: async (group) => metadataOf(group),
  });
  socket.ev.on("creds.update", (changed) => {
    Object.assign(state.creds, changed);
    save();
  });
  return socket;
}
