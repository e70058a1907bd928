import { Discord } from "./discord.ts";
import { Feishu } from "./feishu.ts";
import { type Handler, json, listen } from "./http.ts";
import { McpPeer } from "./mcp.ts";
import { ScriptedModel } from "./model.ts";
import type { CallQuery, ModelStep, PeerAddresses, TelegramFault, WebPage } from "./protocol.ts";
import { Telegram } from "./telegram.ts";
import { Waiting } from "./waiting.ts";
import { PeerWeb } from "./web.ts";

export interface RunningPeers {
  addresses: PeerAddresses;
  close(): Promise<void>;
}

/** Starts a model server, the platforms' servers and the door through which tests steer them. */
export async function startPeers(): Promise<RunningPeers> {
  const waiting = new Waiting();
  const model = new ScriptedModel(waiting);
  const telegram = new Telegram(waiting);
  const discord = new Discord(waiting);
  const feishu = new Feishu(waiting);
  const web = new PeerWeb();
  const mcp = new McpPeer();
  const all = [model, telegram, discord, feishu, mcp];
  await Promise.all(all.map((peer) => peer.start()));
  const server = await listen({
    "/model": model.handle,
    "/telegram": telegram.handle,
    "/discord": discord.handle,
    "/feishu": feishu.handle,
    "/web": web.handle,
    "/brave": web.search,
    "/dns": web.resolve,
    "/control": control({ model, telegram, discord, feishu, web, waiting }),
  });
  return {
    addresses: {
      modelBase: `${server.url}/model/v1`,
      telegramRoot: `${server.url}/telegram`,
      telegramToken: telegram.token,
      discord: discord.addresses(`${server.url}/discord/api`),
      feishu: feishu.addresses(`${server.url}/feishu`),
      web: {
        root: `${server.url}/web`,
        search: `${server.url}/brave`,
        resolver: `${server.url}/dns/query`,
        host: new URL(server.url).host,
      },
      mcp: mcp.url,
      control: `${server.url}/control`,
    },
    close: async () => {
      await server.close();
      await Promise.all(all.map((peer) => peer.stop()));
    },
  };
}

/** The arguments of all verbs; each takes its own. */
interface ControlInput {
  key: string;
  steps: ModelStep[];
  gate: string;
  containing: string;
  atLeast: number;
  timeoutMs: number;
  chatId: string | number;
  faults: TelegramFault[];
  fileId: string;
  base64: string;
  token: string;
  channelId: string;
  path: string;
  code: number;
  message: Record<string, unknown>;
  page: WebPage;
  name: string;
  addresses: string[];
}

interface Steered {
  model: ScriptedModel;
  telegram: Telegram;
  discord: Discord;
  feishu: Feishu;
  web: PeerWeb;
  waiting: Waiting;
}

/** One verb a path; arguments and answers are JSON. */
function control({ model, telegram, discord, feishu, web, waiting }: Steered): Handler {
  const verbs: Record<string, (input: ControlInput) => unknown> = {
    "/script": ({ key, steps }) => model.script(key, steps),
    "/open": ({ gate }) => waiting.open(gate),
    "/held": ({ gate, atLeast, timeoutMs }) => waiting.until(() => waiting.held(gate) >= atLeast, timeoutMs),
    "/requests": ({ containing, atLeast, timeoutMs }) => model.requests(containing, atLeast, timeoutMs),
    "/fault": ({ chatId, faults }) => telegram.fault(String(chatId), faults),
    "/file": ({ fileId, base64 }) => telegram.put(fileId, Buffer.from(base64, "base64")),
    "/discord-defer": ({ token, channelId }) => discord.defer(token, channelId),
    "/discord-cut": ({ channelId }) => discord.cut(channelId),
    "/discord-calls": ({ path, atLeast, timeoutMs }) => discord.query(path, atLeast, timeoutMs),
    "/discord-shown": ({ channelId }) => discord.shown(channelId),
    "/feishu-admit": ({ message }) => feishu.admit(message),
    "/feishu-refuse": ({ chatId, code }) => feishu.refuse(String(chatId), code),
    "/feishu-calls": ({ containing, atLeast, timeoutMs }) => feishu.query(containing, atLeast, timeoutMs),
    "/web-put": ({ page }) => web.put(page),
    "/web-name": ({ name, addresses }) => web.name(name, addresses),
    "/web-calls": ({ containing }) => web.query(containing),
    "/calls": (query) => telegram.query(query as CallQuery),
  };
  return async (call) => {
    const verb = verbs[call.path];
    if (!verb) return json(call.response, { error: `no verb ${call.path}` }, 404);
    json(call.response, (await verb(JSON.parse(call.body || "{}") as ControlInput)) ?? null);
  };
}
