import { mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { WAMessage } from "baileys";
import { describe, expect, test } from "vitest";
import { openFolder } from "../../../bridge/folder.ts";
import { messageIdOf, run } from "../../../bridge/whatsapp/commands.ts";
import { afterDisconnect } from "../../../bridge/whatsapp/disconnect.ts";
import { WhatsAppDisk } from "../../../bridge/whatsapp/disk.ts";

const scratch = () => join(mkdtempSync(join(tmpdir(), "companion-")), "state");

describe("a closed connection", () => {
  test.each([
    [515, { do: "again", afterMs: 0 }],
    [401, { do: "forget" }],
    [411, { do: "forget" }],
    [440, { do: "rest" }],
    [403, { do: "rest" }],
    [405, { do: "rest" }],
  ])("with %i", (code, next) => {
    expect(afterDisconnect(code, 0)).toMatchObject(next);
  });

  test.each([408, 428, 500, 503, undefined, 599])(
    "with %s is made again, ever more slowly up to a minute",
    (code) => {
      const pauses = [0, 1, 2, 3, 20].map((failures) => {
        const next = afterDisconnect(code, failures);
        return next.do === "again" ? next.afterMs : -1;
      });
      expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
      expect(pauses[0]).toBeGreaterThan(0);
      expect(pauses.at(-1)).toBe(60_000);
    },
  );
});

describe("the disk", () => {
  const message = (id: string, chat = "1@lid"): WAMessage =>
    ({ key: { id, remoteJid: chat }, message: { conversation: "hi" } }) as WAMessage;

  test("is for its owner alone, and for one companion at a time", () => {
    const folder = scratch();
    const mask = process.umask();
    const lock = openFolder(folder);
    const disk = new WhatsAppDisk(join(folder, "whatsapp.db"));
    disk.auth().save();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, "whatsapp.db")).mode & 0o777).toBe(0o600);
    expect(() => openFolder(folder)).toThrow(/Another companion runs/);
    disk.close();
    lock[Symbol.dispose]();
    openFolder(folder)[Symbol.dispose]();
    process.umask(mask);
  });

  test("keeps the keys of a link, bytes and all, until it is forgotten", () => {
    const file = join(mkdtempSync(join(tmpdir(), "companion-")), "whatsapp.db");
    const first = new WhatsAppDisk(file);
    const { state, save } = first.auth();
    const { noiseKey } = state.creds;
    save();
    void state.keys.set({ session: { a: new Uint8Array([1, 2, 250]) }, "pre-key": { 7: noiseKey } });
    first.close();
    const second = new WhatsAppDisk(file);
    const again = second.auth().state;
    expect(Buffer.from(again.creds.noiseKey.private)).toEqual(Buffer.from(noiseKey.private));
    const found = again.keys.get("session", ["a", "b"]) as Record<string, Uint8Array>;
    expect([...found.a!]).toEqual([1, 2, 250]);
    expect(found.b).toBeUndefined();
    void again.keys.set({ session: { a: null } });
    expect((again.keys.get("session", ["a"]) as Record<string, unknown>).a).toBeUndefined();
    second.forget();
    expect(Buffer.from(second.auth().state.creds.noiseKey.private)).not.toEqual(
      Buffer.from(noiseKey.private),
    );
    second.close();
  });

  test("a pairing code that nobody typed links nothing", () => {
    const disk = new WhatsAppDisk(":memory:");
    const { state, save } = disk.auth();
    Object.assign(state.creds, { me: { id: "49151@s.whatsapp.net", name: "~" }, pairingCode: "ABCDEFGH" });
    save();
    expect(disk.isLinked()).toBe(false);
    Object.assign(state.creds, { account: {} });
    save();
    expect(disk.isLinked()).toBe(true);
  });

  test("finds a message by its id, of the chat that is meant, and forgets it in time", () => {
    const disk = new WhatsAppDisk(":memory:");
    disk.keep(message("A1"), 1000);
    disk.keep(message("A1", "2@lid"), 2000);
    expect(disk.message("A1", "1@lid")?.key.remoteJid).toBe("1@lid");
    expect(disk.message("A1")?.key.remoteJid).toBe("2@lid");
    disk.forgetOld(2000 + 15 * 24 * 3600_000);
    expect(disk.message("A1")).toBeUndefined();
  });

  test("knows what was sent before it was sent", () => {
    const disk = new WhatsAppDisk(":memory:");
    const id = messageIdOf("01J-key");
    expect(disk.sentByUs(id)).toBe(false);
    disk.willSend(id, 1);
    expect(disk.sentByUs(id)).toBe(true);
  });
});

test("a command makes one message id, in WhatsApp's form, and another command another", () => {
  expect(messageIdOf("a")).toBe(messageIdOf("a"));
  expect(messageIdOf("a")).not.toBe(messageIdOf("b"));
  expect(messageIdOf("a")).toMatch(/^3EB0[0-9A-F]{18}$/);
});

describe("a file that is sent", () => {
  const file = {
    key: `media/ann/${"a".repeat(64)}`,
    name: "plan.pdf",
    mime: "application/pdf",
    size: 3,
    picture: false,
  };
  const sendFile = { do: "send-file" as const, chatId: "1@lid", file, text: "The plan." };

  /** A connected account whose messages the server takes, and a Worker that gives files or does not. */
  function tools(bytes: Buffer | Error) {
    const disk = new WhatsAppDisk(join(mkdtempSync(join(tmpdir(), "companion-")), "whatsapp.db"));
    const sent: unknown[] = [];
    const socket = { sendMessage: async (...call: unknown[]) => void sent.push(call) };
    const fetched: string[] = [];
    const fetchMedia = async (key: string) => {
      fetched.push(key);
      if (bytes instanceof Error) throw bytes;
      return bytes;
    };
    const host = { now: () => 1, fetchMedia };
    const acks = { of: async () => ({ ok: true }) };
    const all = { disk, acks, host } as unknown as Parameters<typeof run>[3];
    return { sent, fetched, all, socket: socket as unknown as Parameters<typeof run>[2] };
  }

  test.each([
    [
      false,
      {
        document: Buffer.from("pdf"),
        mimetype: "application/pdf",
        fileName: "plan.pdf",
        caption: "The plan.",
      },
    ],
    [true, { image: Buffer.from("pdf"), mimetype: "application/pdf", caption: "The plan." }],
  ])("goes with its text under the command's id (a picture: %s)", async (picture, content) => {
    const { all, socket, sent, fetched } = tools(Buffer.from("pdf"));
    const command = { ...sendFile, file: { ...file, picture } };
    const messageId = messageIdOf("k1");
    expect(await run("k1", command, socket, all)).toEqual({ outcome: "done", messageId });
    expect(fetched).toEqual([file.key]);
    expect(sent).toEqual([["1@lid", content, { messageId }]]);
  });

  test("is asked for again later while the Worker does not give it: nothing was sent", async () => {
    const { all, socket, sent } = tools(new Error("the Worker answered 503"));
    expect(await run("k1", sendFile, socket, all)).toMatchObject({ outcome: "retry" });
    expect(sent).toEqual([]);
  });
});
