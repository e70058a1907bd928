import { describe, expect, it } from "vitest";
import { feishu } from "../../../channels/feishu/index.ts";
import type { Companion } from "../../../channels/frames.ts";
import { install, missing, type Reply, secrets } from "./feishu.ts";

const url = "https://nanoflare.example.workers.dev";
const bot = (more: object): Reply => ({
  value: { code: 0, msg: "ok", bot: { app_name: "Flare", open_id: "ou_1", ...more } },
});
const knowing = (reply: Reply | undefined) =>
  install(({ path }) => (path === "/bot/v3/info" ? reply : missing)).env;

describe("a probe", () => {
  it("names the bot that Feishu knows", async () => {
    const { ok, said } = await feishu.probe!(knowing(bot({ activate_status: 2 })));
    expect([ok, said.join()]).toEqual([true, expect.stringContaining("Flare")]);
  });

  it.each([
    ["ready", true],
    ["failed", false],
    [undefined, false],
  ] as const)("asks the companion too, where that holds the connection (%s)", async (state, well) => {
    const env = knowing(bot({ activate_status: 2 }));
    const connector = state && { channel: "feishu", state };
    const companion = { state: async () => connector } as unknown as Companion;
    const vars = { ...env.vars, FEISHU_LONG_CONNECTION: "true" };
    const { ok, said } = await feishu.probe!({ ...env, vars, companion });
    expect([ok, said.join(" ")]).toEqual([well, expect.stringContaining("companion")]);
  });

  it.each([
    ["a bot that is not released", bot({ activate_status: 0 })],
    ["a refusal", { status: 400, value: { code: 99991672, msg: "Access denied" } }],
    ["silence", undefined],
  ])("is not well with %s, and says so without a secret", async (_, reply) => {
    const { ok, said } = await feishu.probe!(knowing(reply));
    expect(ok).toBe(false);
    expect(said.join()).toMatch(/.+/);
    for (const secret of Object.values(secrets)) expect(said.join()).not.toContain(secret);
  });
});

describe("setting up", () => {
  it("says what to enter in the developer console", async () => {
    const { ok, said } = await feishu.setup!({ url, commands: [] }, knowing(bot({})));
    expect(ok).toBe(true);
    expect(said.join(" ")).toContain(`${url}/webhook/feishu`);
    expect(said.join(" ")).toContain("im.message.receive_v1");
  });

  it("needs no address with the long connection, and says what to choose", async () => {
    const env = knowing(bot({}));
    const vars = { ...env.vars, FEISHU_LONG_CONNECTION: "true" };
    const { ok, said } = await feishu.setup!(
      { url: "http://127.0.0.1:8787", commands: [] },
      { ...env, vars },
    );
    expect([ok, said.join(" ")]).toEqual([true, expect.stringContaining("persistent connection")]);
  });

  it("needs the app and the companion's token for the long connection, and opens no unsigned door with it", async () => {
    const long = {
      FEISHU_LONG_CONNECTION: "true",
      FEISHU_APP_ID: secrets.FEISHU_APP_ID,
      FEISHU_APP_SECRET: secrets.FEISHU_APP_SECRET,
    };
    expect(feishu.problem(long)).toContain("BRIDGE_TOKEN");
    const vars = { ...long, BRIDGE_TOKEN: "t" };
    expect(feishu.problem(vars)).toBeUndefined();
    const request = new Request(`${url}/webhook/feishu`, { method: "POST", body: "{}" });
    expect(await feishu.receive(request, { ...knowing(bot({})), vars })).toMatchObject({ status: 401 });
  });

  it("asks for a public address", async () => {
    const { ok, said } = await feishu.setup!(
      { url: "http://127.0.0.1:8787", commands: [] },
      knowing(bot({})),
    );
    expect([ok, said.join()]).toEqual([false, expect.stringContaining("--public-url")]);
  });
});
