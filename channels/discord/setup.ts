import type { ChannelEnv, Install, Report } from "../channel.ts";
import { heldBy } from "../held.ts";
import { shorten } from "../shorten.ts";
import { call, type Reply, refusalOf } from "./api.ts";

/** What of the application object is looked at: https://discord.com/developers/docs/resources/application */
interface Application {
  id?: string;
  name?: string;
  verify_key?: string;
  interactions_endpoint_url?: string | null;
}

const TEXT_OPTION = 3;
const FILE_OPTION = 11;
/** In servers, and in direct chats with the bot. */
const CONTEXTS = [0, 1];
const SERVER_INSTALL = [0];

const ASK = {
  name: "ask",
  description: "say something to me",
  options: [
    {
      type: TEXT_OPTION,
      name: "text",
      description: "what you want to say",
      required: true,
      max_length: 6000,
    },
    { type: FILE_OPTION, name: "file", description: "a file or picture to look at" },
  ],
};

/** Registers the slash commands, then gives Discord the address of this install, which it tries out at once. */
export async function setup({ url, commands }: Install, env: ChannelEnv): Promise<Report> {
  const id = env.vars.DISCORD_APPLICATION_ID;
  const body = [ASK, ...commands.map(slashCommand)].map((command) => ({
    ...command,
    type: 1,
    contexts: CONTEXTS,
    integration_types: SERVER_INSTALL,
  }));
  const registered = await call({ method: "PUT", path: `/applications/${id}/commands`, body }, env);
  if (!isOk(registered))
    return { ok: false, said: [`The slash commands were not registered. ${why(registered)}`] };
  const names = namesIn(registered);
  const said = [`Discord knows these slash commands now: ${names.map((name) => `/${name}`).join(" ")}.`];
  const endpoint = await giveEndpoint(`${url}/webhook/discord`, env);
  return { ok: endpoint.ok, said: [...said, ...endpoint.said] };
}

/** Asks who we are and what Discord has of us, and the companion whether it hears the rest. */
export async function probe(env: ChannelEnv): Promise<Report> {
  const { vars } = env;
  const reply = await call({ method: "GET", path: "/applications/@me" }, env);
  if (!isOk(reply)) return { ok: false, said: [why(reply)] };
  const application = (reply.json ?? {}) as Application;
  const endpoint = application.interactions_endpoint_url;
  const trouble = [
    application.id !== vars.DISCORD_APPLICATION_ID &&
      "DISCORD_APPLICATION_ID is that of another application than DISCORD_BOT_TOKEN.",
    application.verify_key?.toLowerCase() !== vars.DISCORD_PUBLIC_KEY?.toLowerCase() &&
      "DISCORD_PUBLIC_KEY is not this application's public key.",
    !endpoint && "Discord has no interactions endpoint: run nanoflare channels setup discord.",
  ].filter((sentence) => typeof sentence === "string");
  const known = `Discord knows this bot as ${application.name}${endpoint ? `, and calls ${endpoint}` : ""}.`;
  const held = (await heldBy(env.companion, "discord")) ?? { ok: true, said: [NO_GATEWAY] };
  return { ok: held.ok && trouble.length === 0, said: [known, ...trouble, ...held.said] };
}

const NO_GATEWAY =
  "No companion holds the Gateway: slash commands and buttons work, other messages are not heard.";

async function giveEndpoint(address: string, env: ChannelEnv): Promise<Report> {
  const byHand = `Enter ${address} as the "Interactions Endpoint URL" on the application's page at discord.com/developers/applications.`;
  if (!address.startsWith("https:"))
    return {
      ok: false,
      said: [`Discord only calls addresses with https, not ${address}. Name one with --public-url.`],
    };
  const body = { interactions_endpoint_url: address };
  const reply = await call({ method: "PATCH", path: "/applications/@me", body }, env);
  if (!isOk(reply)) return { ok: false, said: [`The address was not taken over. ${why(reply)}`, byHand] };
  return { ok: true, said: [`Discord tried ${address} and calls it from now on.`] };
}

function slashCommand({ name, args, help }: Install["commands"][number]) {
  const option = { type: TEXT_OPTION, name: "args", description: shorten(args ?? "", 100), max_length: 6000 };
  return { name, description: shorten(help, 100), ...(args ? { options: [option] } : {}) };
}

function isOk(reply: Reply): reply is Extract<Reply, { json: unknown }> {
  return reply.status >= 200 && reply.status < 300;
}

function namesIn({ json }: { json: unknown }): string[] {
  return Array.isArray(json) ? json.map(({ name }: { name?: unknown }) => String(name)) : [];
}

function why(reply: Reply): string {
  if ("trouble" in reply) return "Discord could not be reached.";
  if (reply.status === 401) return "Discord does not know DISCORD_BOT_TOKEN (401).";
  if (reply.status === 429)
    return `Discord wants a pause of ${Math.ceil((reply.retryAfterMs ?? 0) / 1000)} s first.`;
  const { said } = refusalOf(reply);
  return `Discord refused: ${said}${said.includes(`${reply.status}`) ? "" : ` (${reply.status})`}.`;
}
