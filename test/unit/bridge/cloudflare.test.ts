import { expect, test } from "vitest";
import { Companion } from "../../../bridge/deploy/cloudflare/worker.ts";

/** A container that ends when the test says so. */
function containerIn(env: Record<string, unknown>) {
  const kept = new Map<string, unknown>();
  const storage = {
    get: async (name: string) => kept.get(name),
    put: async (name: string, value: unknown) => void kept.set(name, value),
  };
  const started: { enableInternet?: boolean; env?: Record<string, string> }[] = [];
  let end = () => {};
  const container = {
    running: false,
    start(options: (typeof started)[number]) {
      started.push(options);
      container.running = true;
    },
    signal: () => end(),
    monitor: () =>
      new Promise<void>((_, reject) => {
        end = () => {
          container.running = false;
          reject(new Error("exit code 1"));
        };
      }),
  };
  const made = (vars: object) => new Companion({ container, storage } as never, vars as never);
  return { companion: made(env), started, end: () => end(), made, kept };
}

test("the container is started once, and again when it has ended", async () => {
  const { companion, started, end } = containerIn({});
  for (let looks = 0; looks < 3; looks++) await companion.fetch();
  expect(started).toHaveLength(1);
  end();
  await Promise.resolve();
  await companion.fetch();
  expect(started).toHaveLength(2);
});

test("the companion is told its own variables alone, and that WhatsApp is not its business there", async () => {
  const secrets = { BRIDGE_TOKEN: "t", NANOFLARE_URL: "https://flare.test", DISCORD_BOT_TOKEN: "d" };
  const { companion, started } = containerIn({
    ...secrets,
    ADMIN_TOKEN: "a",
    WHATSAPP_ENABLED: "true",
    COMPANION: {},
  });
  await companion.fetch();
  expect(started).toEqual([{ enableInternet: true, env: { ...secrets, WHATSAPP_ENABLED: "false" } }]);
});

test("a secret that was changed reaches it, by a restart, and is kept nowhere", async () => {
  const { companion, started, made, kept } = containerIn({ BRIDGE_TOKEN: "old-token" });
  await companion.fetch();
  const later = made({ BRIDGE_TOKEN: "new-token" });
  await later.fetch();
  await later.fetch();
  expect(started.map(({ env }) => env?.BRIDGE_TOKEN)).toEqual(["old-token", "new-token"]);
  expect(JSON.stringify([...kept])).not.toContain("token");
});
