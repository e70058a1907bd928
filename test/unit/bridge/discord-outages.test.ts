import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Host } from "../../../bridge/connector.ts";
import { DiscordGateway } from "../../../bridge/discord/connector.ts";
import { GatewaySession } from "../../../bridge/discord/session.ts";
import type { Inbound, Message } from "../../../channels/channel.ts";
import { soon } from "../../soon.ts";
import { Gateway, guildMessage } from "./gateway.ts";

const ROOM = { id: "100", type: 0 };
let gateway: Gateway;
let file: string;
let events: Inbound[];
let said: string[];
let connector: DiscordGateway;

beforeEach(async () => {
  file = join(mkdtempSync(join(tmpdir(), "gateway-")), "discord.db");
  gateway = new Gateway();
  await gateway.open();
  events = [];
  said = [];
});
afterEach(async () => {
  await connector.stop();
  gateway.close();
});

function start(intents = 4609): void {
  const host = {
    now: () => 1,
    event: (event: Inbound) => void events.push(event),
    changed: () => undefined,
    say: (line: string) => void said.push(line),
  };
  const options = { token: "t", intents, api: gateway.api, againMs: 20 };
  connector = new DiscordGateway(new GatewaySession(file, intents), host as unknown as Host, options);
  connector.start();
}

const isNow = (state: string) => soon(() => expect(connector.state().state).toBe(state));
const texts = () => events.map((event) => (event as Message).text);

describe("when the network is away", () => {
  test("the session is taken up again where it was, in which Discord tells what was said meanwhile", async () => {
    start();
    await isNow("ready");
    gateway.dispatch("MESSAGE_CREATE", guildMessage("1", "before", ROOM));
    await soon(() => expect(texts()).toEqual(["before"]));
    gateway.goAway();
    // The first attempt to come back fails as well.
    await soon(() => expect(gateway.broken).toBeGreaterThan(0));
    gateway.comeBack();
    await isNow("ready");
    expect(gateway.began).toEqual(["identify", { resume: "session-1", seq: 2 }]);
  });

  test("a session that Discord does not have any more is left for a new one", async () => {
    const resumeURL = gateway.api.replace("http", "ws");
    const before = { sessionId: "session-0", sequence: 5, shardId: 0, shardCount: 1, resumeURL };
    const session = new GatewaySession(file, 4609);
    session.reach(before);
    session.stored(before);
    session.close();
    gateway.resumes = false;
    start();
    await isNow("ready");
    expect(gateway.began).toEqual([{ resume: "session-0", seq: 5 }, "identify"]);
    gateway.resumes = true;
    gateway.goAway();
    gateway.comeBack();
    await soon(() => expect(gateway.began.at(-1)).toMatchObject({ resume: "session-1" }));
  });

  test("a session is left when other events are asked for: it has those that it began with", async () => {
    start();
    await isNow("ready");
    gateway.dispatch("MESSAGE_CREATE", guildMessage("1", "before", ROOM));
    await soon(() => expect(texts()).toEqual(["before"]));
    await connector.stop();
    start(37377);
    await isNow("ready");
    expect(gateway.began).toEqual(["identify", "identify"]);
  });

  test("a companion that starts before the network connects as soon as that is there", async () => {
    gateway.goAway();
    start();
    await soon(() => expect(connector.state().problem).toBeDefined());
    expect(connector.state().state).toBe("connecting");
    gateway.comeBack();
    await isNow("ready");
    expect(connector.state().problem).toBeUndefined();
  });
});

describe("what only the owner can mend", () => {
  test.each([
    [4004, "DISCORD_BOT_TOKEN"],
    [4014, "privileged intents"],
  ])("is told with what to do, and not tried for ever (%i)", async (code, words) => {
    gateway.closesWith = code;
    start();
    await isNow("failed");
    expect(connector.state().problem).toContain(words);
    expect(said.filter((line) => line.includes(words))).toHaveLength(1);
    expect(gateway.began).toEqual(["identify"]);
  });

  test("so is a token that the API does not know", async () => {
    gateway.answers.set("/gateway/bot", 401);
    start();
    await isNow("failed");
    expect(connector.state().problem).toContain("DISCORD_BOT_TOKEN");
  });
});

describe("what was said where nobody told us of", () => {
  const thread = { id: "900", type: 11, parent_id: "100", name: "plans" };

  test("waits for Discord's answer, and so does the place in the session", async () => {
    gateway.answers.set("/channels/900", 503);
    start();
    await isNow("ready");
    gateway.dispatch("MESSAGE_CREATE", guildMessage("1", "in a thread", { id: "900" }));
    gateway.dispatch("MESSAGE_CREATE", guildMessage("2", "after it", ROOM));
    await soon(() => expect(said.some((line) => line.includes("could not be read yet"))).toBe(true));
    expect(events).toEqual([]);
    // A restart in between is told both again.
    await connector.stop();
    start();
    await soon(() => expect(gateway.began.at(-1)).toEqual({ resume: "session-1", seq: 1 }));
    gateway.dispatch("MESSAGE_CREATE", guildMessage("1", "in a thread", { id: "900" }));
    gateway.answers.set("/channels/900", thread);
    await soon(() => expect(events).toMatchObject([{ address: "discord:100", thread: "900" }]));
  });

  test("does not hold up the rest when Discord will not tell", async () => {
    start();
    await isNow("ready");
    gateway.dispatch("MESSAGE_CREATE", guildMessage("1", "where?", { id: "901" }));
    gateway.dispatch("MESSAGE_CREATE", guildMessage("2", "after it", ROOM));
    await soon(() => expect(texts()).toEqual(["after it"]));
    expect(said.some((line) => line.includes("could not be read (status 404)"))).toBe(true);
  });

  test("is asked for once, also after a restart, which is told no channels", async () => {
    gateway.answers.set("/channels/900", thread);
    start();
    await isNow("ready");
    await connector.stop();
    start();
    await isNow("ready");
    for (const id of ["1", "2"])
      gateway.dispatch("MESSAGE_CREATE", guildMessage(id, `no ${id}`, { id: "900" }));
    await soon(() => expect(texts()).toEqual(["no 1", "no 2"]));
    expect(events).toMatchObject([{ thread: "900" }, { thread: "900" }]);
    expect(gateway.asked.filter((path) => path === "/channels/900")).toHaveLength(1);
  });
});
