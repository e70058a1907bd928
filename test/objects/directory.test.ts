import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Address } from "../../channels/channel.ts";
import type { ArriveRequest } from "../../durable-objects/directory/rpc.ts";
import { Directory } from "../../durable-objects/directory.ts";
import type { GroupSettings } from "../../durable-objects/rpc.ts";
import { soon } from "../soon.ts";

const HOUR = 3600_000;
let count = 0;

/** A directory of its own, and a chat id that no other test uses. */
function install() {
  count += 1;
  return env.DIRECTORY.getByName(`install-${count}`);
}
function chatId(): string {
  count += 1;
  return String(7_000_000 + count);
}

function knock(id: string, change: Partial<ArriveRequest> = {}): ArriveRequest {
  const chat = { id, type: "direct" as const, title: `Ann ${id}` };
  const sender = { id, name: `Ann ${id}`, isBot: false };
  return { address: `telegram:${id}`, chat, sender, allowed: false, addressed: true, ...change };
}
function knockAt(id: string, title: string, change: Partial<ArriveRequest> = {}): ArriveRequest {
  return knock(id, { chat: { id, type: "group", title }, ...change });
}

/** Works on a directory that is made with other variables or other objects, over the same storage. */
function reborn<T>(
  directory: ReturnType<typeof install>,
  change: object,
  work: (directory: Directory, state: DurableObjectState) => Promise<T>,
): Promise<T> {
  return runInDurableObject(directory, (_, state) =>
    work(new Directory(state, { ...env, ...change }), state),
  );
}

/** Waits until the directory owes nothing to anyone. */
function settled(directory: ReturnType<typeof install>): Promise<void> {
  return runInDurableObject(directory, (_, state) =>
    soon(async () => expect(await state.storage.getAlarm()).toBeNull()),
  );
}

/** What main was told that concerns a chat. */
async function told(words: string): Promise<string[]> {
  const said = await env.GROUP.getByName("web:main").history({ limit: 500 });
  return said.map((message) => message.text).filter((text) => text.includes(words));
}

/** Where it is noon now: an hour later it is the same day, at whatever hour the tests run. `Etc` counts to the west. */
function zoneAtNoon(): string {
  const west = new Date().getUTCHours() - 12;
  return `Etc/GMT${west < 0 ? "-" : "+"}${Math.abs(west)}`;
}

function travel(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
}
afterEach(() => {
  vi.useRealTimers();
});

describe("registration", () => {
  test("the consoles are main from the first turn on, nobody else is", async () => {
    const directory = install();
    for (const [address, folder] of [
      ["web:main", "main"],
      ["cli:main", "cli"],
    ] as const) {
      const opened = await directory.open({ address, turnId: `${address}-1`, chat: { type: "direct" } });
      expect(opened.settings).toMatchObject({ registered: true, main: true, folder });
    }
    const stranger = await directory.open({ address: "web:other", turnId: "o", chat: { type: "direct" } });
    expect(stranger.settings).toMatchObject({ registered: false, main: false });
    expect(stranger.grant).toMatchObject({ usd: 0, tokens: 0 });
    for (const address of ["web:mainx", "cli:other", "telegram:main"] as const) {
      const arrival = await directory.arrive(knock("x", { address, allowed: true }));
      expect(arrival.settings).toBeUndefined();
    }
  });

  test("a person in ALLOW_FROM is registered without asking, another one is not even asked about", async () => {
    const directory = install();
    const [friend, stranger] = [chatId(), chatId()];
    await reborn(directory, { ALLOW_FROM: `telegram:${friend}` }, async (open) => {
      const arrival = await open.arrive(knock(friend, { allowed: true }));
      expect(arrival.settings).toMatchObject({ registered: true, main: false, type: "direct" });
      expect(await open.arrive(knock(friend, { allowed: true }))).toEqual(arrival);
      expect((await open.arrive(knock(stranger))).pairing).toBeUndefined();
      expect((await open.arrive(knockAt(stranger, "Theirs"))).pending).toBeUndefined();
    });
    expect(await told(`telegram:${stranger}`)).toEqual([]);
  });

  test("`allowed` opens nothing while ALLOW_FROM is not set", async () => {
    const arrival = await install().arrive(knock(chatId(), { allowed: true }));
    expect(arrival.settings).toBeUndefined();
    expect(arrival.pairing).toBeDefined();
  });

  test("an unknown person gets one code, main is asked, and the code registers that chat", async () => {
    const directory = install();
    const id = chatId();
    const { pairing } = await directory.arrive(knock(id));
    expect(pairing).toMatch(/^[2-9A-HJ-NP-Z]{8}$/);
    expect((await directory.arrive(knock(id))).pairing).toBeUndefined();
    await soon(async () => expect(await told(`telegram:${id}`)).toHaveLength(1));
    expect((await told(`telegram:${id}`))[0]).toContain(`/approve ${pairing}`);

    expect((await directory.approve("WRONG234")).said).toContain("No chat waits");
    const typed = `${pairing!.slice(0, 4).toLowerCase()}-${pairing!.slice(4)} `;
    expect((await directory.approve(typed)).said).toContain(`telegram:${id}`);
    expect((await directory.approve(pairing!)).said).toContain(`telegram:${id}`);
    const group = await env.GROUP.getByName(`telegram:${id}`).status();
    expect(group).toMatchObject({ registered: true, main: false });
    expect((await directory.arrive(knock(id))).settings).toMatchObject({ registered: true, main: false });
  });

  test("the event whose code was lost gets a code again; the lost one is dead", async () => {
    const directory = install();
    const id = chatId();
    const first = await directory.arrive(knock(id, { key: "message 1" }));
    const second = await directory.arrive(knock(id, { key: "message 1" }));
    expect((await directory.arrive(knock(id, { key: "message 2" }))).pairing).toBeUndefined();
    expect((await directory.approve(first.pairing!)).said).toContain("No chat waits");
    expect((await directory.approve(second.pairing!)).said).toContain(`telegram:${id}`);
  });

  test("at most three people of a channel wait at a time, for an hour", async () => {
    const directory = install();
    const codes = [];
    for (let n = 0; n < 5; n++) codes.push((await directory.arrive(knock(chatId()))).pairing);
    expect(codes.filter(Boolean)).toHaveLength(3);
    const other = await directory.arrive(knock(chatId(), { address: `feishu:${chatId()}` }));
    expect(other.pairing).toBeDefined();
    travel(HOUR + 1);
    expect((await directory.approve(codes[0]!)).said).toContain("No chat waits");
    expect((await directory.arrive(knock(chatId()))).pairing).toBeDefined();
  });

  test("an unregistered group is silent until addressed, then main is told once a day and may register it", async () => {
    const directory = install();
    const id = chatId();
    const title = `Family "Chat" ${id}`;
    expect((await directory.arrive(knockAt(id, title, { addressed: false }))).pending).toBeUndefined();
    const words = `add group "Family Chat ${id}"`;
    for (let n = 0; n < 3; n++) expect(await directory.arrive(knockAt(id, title))).toEqual({ pending: true });
    await soon(async () => expect(await told(words)).toHaveLength(1));
    travel(25 * HOUR);
    await directory.arrive(knockAt(id, title));
    await soon(async () => expect(await told(words)).toHaveLength(2));

    expect((await directory.register(`family  chat ${id}`)).said).toContain("is registered");
    expect((await directory.register(`Family Chat ${id}`)).said).toContain("already");
    const settings = (await directory.arrive(knockAt(id, title))).settings!;
    expect(settings).toMatchObject({ registered: true, main: false, folder: `family-chat-${id}` });
    expect(await env.GROUP.getByName(`telegram:${id}`).status()).toMatchObject({ registered: true });
  });

  test("asks which of two chats with one title is meant", async () => {
    const directory = install();
    const ids = [chatId(), chatId()];
    const title = `Twins ${ids[0]}`;
    for (const id of ids) await directory.arrive(knockAt(id, title));
    expect((await directory.register(title)).said).toMatch(/1\..*\n2\./);
    expect((await directory.register(`${title} #2`)).said).toContain("is registered");
    expect((await directory.find(`telegram:${ids[1]}`))?.registered).toBe(true);
    expect(await directory.find(`telegram:${ids[0]}`)).toBeUndefined();
    expect((await directory.register("Nobody's")).said).toContain("Add me to the chat");
  });

  test("holds at most 100 waiting chats", async () => {
    const directory = install();
    for (let n = 0; n < 105; n++) await directory.arrive(knockAt(chatId(), `Crowd ${n}`));
    expect((await directory.status()).pending).toHaveLength(100);
  });

  test("only main may register, remove, configure and write global files", async () => {
    const directory = install();
    const id = chatId();
    const by: Address = `telegram:${id}`;
    const { pairing } = await directory.arrive(knock(id));
    await directory.approve(pairing!);
    for (const answer of [
      await directory.register("x", by),
      await directory.remove(by, by),
      await directory.configure(by, { name: "Boss" }, by),
      await directory.approve("ABCDEFGH", by),
    ])
      expect(answer).toEqual({ ok: false, said: "Only main may do that." });
    const author = { by: "1", name: "Ann", trust: "owner" as const };
    const change = [{ path: "/workspace/global/MEMORY.md", content: "mine" }];
    expect(await directory.globalWrite(change, author, by)).toMatchObject({ ok: false, error: "read-only" });
    expect(await directory.globalWrite(change, author, "web:main")).toMatchObject({ ok: true });
    expect((await directory.configure(by, { name: "Boss" }, "web:main")).said).toContain("Boss");
  });

  test("a removed group is silent, keeps its folder, and comes back by main only", async () => {
    const directory = install();
    const id = chatId();
    await reborn(directory, { ALLOW_FROM: id }, async (open) => {
      const before = (await open.arrive(knock(id, { allowed: true }))).settings!;
      expect((await open.remove(before.name)).said).toContain(before.folder);
      expect((await open.remove(before.name)).said).toContain("is not registered");
      expect((await open.arrive(knock(id, { allowed: true }))).settings).toBeUndefined();
      expect(await env.GROUP.getByName(before.address).status()).toMatchObject({ registered: false });
      expect((await open.register(before.name)).said).toContain("is registered");
      expect((await open.arrive(knock(id, { allowed: true }))).settings).toMatchObject({
        folder: before.folder,
      });
    });
    expect((await directory.remove("web:main")).said).toContain("cannot be removed");
  });

  test("a pause of all holds for a chat that is registered meanwhile, and ends with it", async () => {
    const [directory, id] = [install(), chatId()];
    await directory.pause(true, undefined);
    await directory.arrive(knockAt(id, `Late ${id}`));
    expect((await directory.register(`telegram:${id}`)).said).toContain("It is paused");
    expect(await directory.find(`telegram:${id}`)).toMatchObject({ registered: true, paused: true });
    await directory.pause(false, undefined);
    expect((await directory.find(`telegram:${id}`))!.paused).toBeUndefined();
    const next = chatId();
    await directory.arrive(knockAt(next, `Later ${next}`));
    expect((await directory.register(`telegram:${next}`)).said).not.toContain("paused");
  });

  test("gives every chat a folder of its own, whatever its title", async () => {
    const directory = install();
    const seen = new Set(["global", "main", "cli"]);
    const title = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 300 }),
      fc.constantFrom(
        "global",
        "Main",
        "CLI",
        "家族",
        "Семья",
        "👨‍👩‍👧",
        "../..",
        "__proto__",
        "",
        "a".repeat(200),
      ),
    );
    await fc.assert(
      fc.asyncProperty(title, async (words) => {
        const id = chatId();
        const arrival = await directory.arrive(knockAt(`-${id}`, words));
        expect(arrival.pending).toBe(true);
        await directory.register(`telegram:-${id}`);
        const folder = (await directory.find(`telegram:-${id}`))!.folder;
        expect(folder).toMatch(/^[a-z0-9][a-z0-9_-]{0,62}$/);
        expect(seen).not.toContain(folder);
        seen.add(folder);
      }),
      { numRuns: 60 },
    );
  });

  test("titles of any script give folders that people can read", async () => {
    const directory = install();
    for (const [title, folder] of [
      ["Семья и друзья", "semya-i-druzya"],
      ["家族", "jia-zu"],
      ["家族 🏠 2026", "jia-zu-2026"],
      ["עברית", "bryt"],
      ["가족 모임", "gajog-moim"],
      ["परिवार", "privaar"],
      ["𝓢𝓴𝓲 club", "ski-club"],
      ["ﬁsh_tank", "fish_tank"],
      ["Café  Zürich!", "cafe-zurich"],
    ]) {
      const id = `-${chatId()}`;
      await directory.arrive(knockAt(id, title!));
      await directory.register(`telegram:${id}`);
      expect((await directory.find(`telegram:${id}`))!.folder).toBe(folder);
    }
  });
});

describe("a crash", () => {
  test.each(["before", "after"])(
    "in a registration, %s the group has heard of it, ends in a registered group",
    async (moment) => {
      const directory = install();
      const id = chatId();
      const address: Address = `telegram:${id}`;
      await directory.arrive(knockAt(id, `Crashing ${id}`));
      await settled(directory);
      let crashed = false;
      await runInDurableObject(directory, async (_, state) => {
        const configure = async (settings: GroupSettings) => {
          if (moment === "after") await env.GROUP.getByName(address).configure(settings);
          await state.storage.sync();
          crashed = true;
          state.abort("crash");
        };
        const open = new Directory(state, { ...env, GROUP: { getByName: () => ({ configure }) } as never });
        await open.register(address);
      }).catch(() => {});
      expect(crashed).toBe(true);
      const group = env.GROUP.getByName(address);
      const again = env.DIRECTORY.getByName(directory.name!);
      expect((await again.find(address))?.registered).toBe(true);
      await soon(async () => expect((await group.status()).registered).toBe(true));
      expect((await again.status()).groups.filter((row) => row.address === address)).toHaveLength(1);
      expect((await again.status()).pending).toEqual([]);
    },
  );

  test("before a registration is stored leaves the chat waiting", async () => {
    const directory = install();
    const id = chatId();
    await directory.arrive(knockAt(id, `Waiting ${id}`));
    await runInDurableObject(directory, (open, state) => {
      void open.register(`telegram:${id}`).catch(() => {});
      state.abort("crash");
    }).catch(() => {});
    const again = env.DIRECTORY.getByName(directory.name!);
    expect(await again.find(`telegram:${id}`)).toBeUndefined();
    expect((await again.status()).pending).toHaveLength(1);
  });

  test("a group that cannot be reached hears of its settings from the alarm", async () => {
    const directory = install();
    const id = chatId();
    await directory.arrive(knockAt(id, `Away ${id}`));
    await settled(directory);
    const away = {
      configure: () => Promise.reject(new Error("away")),
      notify: () => Promise.reject(new Error("away")),
    };
    await reborn(directory, { GROUP: { getByName: () => away } }, async (open) => {
      expect((await open.register(`telegram:${id}`)).said).toContain("is registered");
    });
    expect((await env.GROUP.getByName(`telegram:${id}`).status()).registered).toBe(false);
    expect(await runDurableObjectAlarm(directory)).toBe(true);
    await soon(async () =>
      expect((await env.GROUP.getByName(`telegram:${id}`).status()).registered).toBe(true),
    );
    await settled(directory);
  });
});

describe("codes", () => {
  const chat = (id: string) => ({ id, type: "group" as const, title: `Owner ${id}` });

  test("a code makes one chat main, once", async () => {
    const directory = install();
    const [id, other] = [chatId(), chatId()];
    const code = await directory.mainCode();
    expect(code).toMatch(/^[2-9A-HJ-NP-Z]{8}$/);
    const claim = await directory.claimMain(code.toLowerCase(), `telegram:${id}`, chat(id));
    expect(claim).toMatchObject({ ok: true, settings: { main: true, registered: true } });
    expect(await directory.claimMain(code, `telegram:${id}`, chat(id))).toEqual(claim);
    expect(await directory.claimMain(code, `telegram:${other}`, chat(other))).toMatchObject({ ok: false });
    await soon(async () => expect((await env.GROUP.getByName(`telegram:${id}`).status()).main).toBe(true));
  });

  test("a code dies at five wrong guesses, from whatever chats they come", async () => {
    const directory = install();
    const code = await directory.mainCode();
    for (let n = 0; n < 5; n++) {
      const id = chatId();
      expect(await directory.claimMain("AAAAAAAA", `telegram:${id}`, chat(id))).toMatchObject({ ok: false });
    }
    const id = chatId();
    expect(await directory.claimMain(code, `telegram:${id}`, chat(id))).toMatchObject({ ok: false });
  });

  test("four wrong guesses do not kill it, and a chat with five is not listened to for an hour", async () => {
    const directory = install();
    const [id, guesser] = [chatId(), chatId()];
    const code = await directory.mainCode();
    for (let n = 0; n < 4; n++) await directory.claimMain("", `telegram:${guesser}`, chat(guesser));
    expect(await directory.claimMain(code, `telegram:${id}`, chat(id))).toMatchObject({ ok: true });
    await directory.claimMain("no", `telegram:${guesser}`, chat(guesser));
    const next = await directory.mainCode();
    expect(await directory.claimMain(next, `telegram:${guesser}`, chat(guesser))).toMatchObject({
      ok: false,
    });
    travel(HOUR + 1);
    expect(await directory.claimMain(next, `telegram:${guesser}`, chat(guesser))).toMatchObject({
      ok: false,
    });
    expect(
      await directory.claimMain(await directory.mainCode(), `telegram:${guesser}`, chat(guesser)),
    ).toMatchObject({ ok: true });
  });

  test("a console link is redeemed once and lasts a day, its session 30 days", async () => {
    const directory = install();
    const link = await directory.adminLink();
    const answers = await Promise.all(Array.from({ length: 10 }, () => directory.redeem(link)));
    const tokens = answers.filter((token) => token !== undefined);
    expect(tokens).toHaveLength(1);
    expect(await directory.session(tokens[0]!)).toBe(true);
    expect(await directory.session(link)).toBe(false);
    expect(await directory.session("")).toBe(false);
    const late = await directory.adminLink();
    travel(24 * HOUR + 1);
    expect(await directory.redeem(late)).toBeUndefined();
    travel(30 * 24 * HOUR);
    expect(await directory.session(tokens[0]!)).toBe(false);
  });

  test("no code, link or session is stored as it is", async () => {
    const directory = install();
    const { pairing } = await directory.arrive(knock(chatId()));
    const link = await directory.adminLink();
    const secrets = [await directory.mainCode(), link, await directory.redeem(link)];
    await soon(async () => expect(await told(pairing!)).toHaveLength(1));
    await runInDurableObject(directory, (_, state) => {
      const rows = ["secrets", "pairings", "audit"].flatMap((table) =>
        state.storage.sql.exec(`select * from ${table}`).toArray(),
      );
      for (const secret of [...secrets, pairing]) expect(JSON.stringify(rows)).not.toContain(secret);
    });
  });
});

describe("the budget", () => {
  const turn = (turnId: string) => ({
    address: "web:main" as const,
    turnId,
    chat: { type: "direct" as const },
  });
  const day = { TIMEZONE: zoneAtNoon() };
  const limits = { ...day, BUDGET_INSTALL_USD: "1", BUDGET_INSTALL_TOKENS: "1000000" };
  const ended = (turnId: string, usedUsd: number, usedTokens: number) => ({
    turnId,
    usedUsd,
    usedTokens,
    lastActivityAt: Date.now(),
  });

  test("is never exceeded by turns that open at once, and each of them gets something", async () => {
    await reborn(
      install(),
      { ...day, BUDGET_INSTALL_USD: "1.7", BUDGET_INSTALL_TOKENS: "1234567" },
      async (directory) => {
        const opened = await Promise.all(Array.from({ length: 30 }, (_, n) => directory.open(turn(`t${n}`))));
        const usd = opened.reduce((sum, { grant }) => sum + grant.usd, 0);
        const tokens = opened.reduce((sum, { grant }) => sum + grant.tokens, 0);
        expect(usd).toBeLessThanOrEqual(1.7);
        expect(tokens).toBeLessThanOrEqual(1234567);
        expect(opened[0]!.grant).toEqual({ usd: 0.5, tokens: 500_000 });
        expect(opened.slice(0, 12).every(({ grant }) => grant.usd > 0 && grant.tokens > 0)).toBe(true);
      },
    );
  });

  test("holds for any order of opening and closing, repeated as often as one likes", async () => {
    const step = fc.record({
      turn: fc.nat(8),
      close: fc.boolean(),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        await reborn(install(), limits, async (directory) => {
          const used = new Map<number, { usd: number; tokens: number }>();
          const granted = new Map<number, { usd: number; tokens: number }>();
          for (const { turn: n, close, share } of steps) {
            if (!close) {
              granted.set(n, (await directory.open(turn(`t${n}`))).grant);
              continue;
            }
            const grant = granted.get(n);
            if (!grant) continue;
            const before = used.get(n) ?? { usd: 0, tokens: 0 };
            const cost = {
              usd: Math.max(before.usd, grant.usd * share),
              tokens: Math.max(before.tokens, Math.floor(grant.tokens * share)),
            };
            used.set(n, cost);
            await directory.close(ended(`t${n}`, cost.usd, cost.tokens));
            await directory.close(ended(`t${n}`, cost.usd, cost.tokens));
          }
          const sum = [...used.values()].reduce(
            (a, b) => ({ usd: a.usd + b.usd, tokens: a.tokens + b.tokens }),
            { usd: 0, tokens: 0 },
          );
          const status = await directory.status();
          expect(sum.usd).toBeLessThanOrEqual(1 + 1e-9);
          expect(sum.tokens).toBeLessThanOrEqual(1_000_000);
          expect(status.spentUsd).toBeLessThanOrEqual(1 + 1e-9);
          expect(status.spentUsd).toBeGreaterThanOrEqual(sum.usd - 1e-9);
          expect(status.spentTokens).toBeGreaterThanOrEqual(sum.tokens);
        });
      }),
      { numRuns: 30 },
    );
  });

  test("what a turn did not use goes to the next one", async () => {
    await reborn(install(), limits, async (directory) => {
      for (let n = 0; n < 20; n++) {
        const { grant } = await directory.open(turn(`t${n}`));
        expect(grant.usd).toBeGreaterThan(0.4);
        await directory.close(ended(`t${n}`, 0.001, 10));
        await directory.close(ended(`t${n}`, 0.001, 10));
      }
      expect(await directory.status()).toMatchObject({ spentTokens: 200 });
    });
  });

  test("opening a turn again reserves nothing twice", async () => {
    await reborn(install(), limits, async (directory) => {
      const first = await directory.open(turn("same"));
      expect((await directory.open(turn("same"))).grant).toEqual(first.grant);
      expect((await directory.status()).spentUsd).toBeCloseTo(first.grant.usd, 9);
    });
  });

  test("a turn that nobody closed has cost what it held, and corrects that when it is closed late", async () => {
    await reborn(install(), limits, async (directory) => {
      await directory.open(turn("killed"));
      travel(HOUR + 1000);
      await directory.open(turn("next"));
      await directory.close(ended("next", 0, 0));
      expect((await directory.status()).spentUsd).toBeCloseTo(0.5, 9);
      await directory.close(ended("killed", 0.2, 100));
      expect((await directory.status()).spentUsd).toBeCloseTo(0.2, 9);
    });
  });

  test("main is told once at 80 % and once at the end, and then nothing is granted until the next day", async () => {
    const directory = install();
    await reborn(directory, { ...day, BUDGET_INSTALL_USD: "1.23", BUDGET_TURN_USD: "5" }, async (open) => {
      await open.open(turn("a"));
      await open.close(ended("a", 0.99, 10));
      await open.close(ended("a", 0.99, 10));
      expect(await open.open(turn("b"))).toMatchObject({ grant: { usd: expect.closeTo(0.24, 9) } });
      await open.close(ended("b", 0.24, 10));
      for (const id of ["c", "d"]) {
        const { grant } = await open.open(turn(id));
        expect(grant).toMatchObject({ usd: 0, tokens: 0, reason: expect.stringContaining("budget") });
      }
      await soon(async () => expect(await told("of $1.23")).toHaveLength(2));
      travel(24 * HOUR);
      expect((await open.open(turn("e"))).grant.usd).toBeCloseTo(1.23, 9);
    });
  });

  test("a group gets no more than its own day", async () => {
    await reborn(
      install(),
      { ...day, BUDGET_GROUP_USD: "0.7", BUDGET_TURN_USD: "0.5" },
      async (directory) => {
        expect((await directory.open(turn("a"))).grant.usd).toBeCloseTo(0.5, 9);
        expect((await directory.open(turn("b"))).grant.usd).toBeCloseTo(0.2, 9);
        expect((await directory.open(turn("c"))).grant).toMatchObject({
          usd: 0,
          reason: expect.stringContaining("this chat"),
        });
        const other = await directory.open({ address: "cli:main", turnId: "d", chat: { type: "direct" } });
        expect(other.grant.usd).toBeGreaterThan(0);
      },
    );
  });

  test("the day is the install's", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 5, 1, 21, 59) });
    await reborn(install(), { ...limits, TIMEZONE: "Europe/Berlin" }, async (directory) => {
      await directory.open(turn("a"));
      expect((await directory.status()).spentUsd).toBeGreaterThan(0);
      travel(60_000);
      expect((await directory.status()).spentUsd).toBe(0);
    });
  });
});

describe("addresses", () => {
  test("a chat that moved keeps its object, over any number of moves", async () => {
    const directory = install();
    const [a, b, c] = [chatId(), chatId(), chatId()].map((id) => `telegram:${id}` as Address) as [
      Address,
      Address,
      Address,
    ];
    const id = a.slice(9);
    await directory.arrive(knockAt(id, `Moving ${id}`));
    await directory.register(a);
    for (let n = 0; n < 2; n++) expect(await directory.moved({ from: a, to: b })).toBe(a);
    expect(await directory.moved({ from: b, to: c })).toBe(a);
    expect(await directory.moved({ from: c, to: a })).toBe(a);
    for (const address of [a, b, c]) expect((await directory.find(address))?.address).toBe(a);
    expect(await directory.arrive(knockAt(c.slice(9), "Moving"))).toEqual({ forwardTo: a });
  });

  test("a registered chat is not taken over by a move", async () => {
    const directory = install();
    const [a, b] = [chatId(), chatId()];
    for (const id of [a, b]) {
      await directory.arrive(knockAt(id, `Own ${id}`));
      await directory.register(`telegram:${id}`);
    }
    expect(await directory.moved({ from: `telegram:${a}`, to: `telegram:${b}` })).toBe(`telegram:${b}`);
    expect((await directory.find(`telegram:${b}`))?.address).toBe(`telegram:${b}`);
  });

  test("only groups whose time is past or whose turn is open are overdue, and asking writes nothing", async () => {
    const directory = install();
    await directory.open({ address: "cli:main", turnId: "t", chat: { type: "direct" } });
    await directory.open({ address: "web:main", turnId: "u", chat: { type: "direct" } });
    await directory.due("cli:main", Date.now() - 2 * HOUR);
    await directory.due("web:main", Date.now() + 2 * HOUR);
    expect(new Set(await directory.overdue())).toEqual(new Set(["cli:main", "web:main"]));
    const none = { usedUsd: 0, usedTokens: 0, lastActivityAt: Date.now() };
    await directory.close({ turnId: "u", ...none });
    expect(await directory.overdue()).toEqual(["cli:main"]);
    await settled(directory);
    await runInDurableObject(directory, async (open, state) => {
      const written = vi.spyOn(state.storage.sql, "exec");
      await open.overdue();
      for (const [query] of written.mock.calls) expect(query).toMatch(/^select/i);
    });
    await directory.close({ turnId: "t", ...none });
    await directory.due("cli:main", null);
    expect(await directory.overdue()).toEqual([]);
  });
});

describe("global files", () => {
  test("a new install gets the templates once; what people change or delete stays so", async () => {
    const directory = install();
    const { files, version } = await directory.globalSnapshot(0);
    expect(files.length).toBeGreaterThan(0);
    expect(
      (await directory.open({ address: "web:main", turnId: "t", chat: { type: "direct" } })).globalVersion,
    ).toBe(version);
    const author = { by: "1", name: "Ann", trust: "owner" as const };
    const [gone, changed] = files.map((file) => file.info.path);
    const changes = [
      { path: gone!, remove: true as const },
      { path: changed!, content: "ours" },
    ];
    expect(await directory.globalWrite(changes, author, "web:main")).toMatchObject({ ok: true });
    await runInDurableObject(directory, (_, state) => state.abort("restart")).catch(() => {});
    const again = await env.DIRECTORY.getByName(directory.name!).globalSnapshot(version);
    expect(again.paths).not.toContain(gone);
    expect(again.files).toEqual([expect.objectContaining({ text: "ours" })]);
  });
});

describe("growth", () => {
  test("nothing that a message or a turn asks reads a whole table", async () => {
    const directory = install();
    await settled(directory);
    const ids = [chatId(), chatId(), chatId(), chatId()] as const;
    await runInDurableObject(directory, async (_, state) => {
      const exec = vi.spyOn(state.storage.sql, "exec");
      const open = new Directory(state, env);
      const chat = { type: "group" as const, id: ids[0], title: "Grown" };
      await open.arrive(knockAt(ids[0], "Grown"));
      await open.arrive(knock(ids[1]));
      await open.register(`telegram:${ids[0]}`);
      await open.open({ address: `telegram:${ids[0]}`, turnId: "t", chat });
      await open.close({
        turnId: "t",
        usedUsd: 0.1,
        usedTokens: 5,
        lastActivityAt: Date.now(),
      });
      await open.due(`telegram:${ids[0]}`, 5);
      await open.claimMain("WRONG", `telegram:${ids[2]}`, { ...chat, id: ids[2] });
      await open.claimMain(await open.mainCode(), `telegram:${ids[3]}`, { ...chat, id: ids[3] });
      await open.redeem(await open.adminLink());
      await open.session("nobody's");
      await open.find("Grown");
      await open.moved({ from: `telegram:${ids[0]}`, to: "telegram:0" });
      await open.overdue();
      await soon(async () => expect(await state.storage.getAlarm()).toBeNull());
      const calls = exec.mock.calls.filter(([query]) => /^(select|update|delete)/i.test(query));
      expect(calls.length).toBeGreaterThan(50);
      for (const [query, ...values] of calls) {
        const plan = state.storage.sql.exec(`explain query plan ${query}`, ...values).toArray();
        const scans = plan
          .map((step) => String(step.detail))
          .filter((step) => /^SCAN (groups|grants|notices|aliases|days|files)/.test(step));
        // A partial index holds only the rows that are asked for.
        expect(
          scans.filter((scan) => !/groups_by_main|notices_waiting/.test(scan)),
          query,
        ).toEqual([]);
      }
    });
  });
});
