import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import qrcode from "qrcode-terminal";
import { BY_TOKEN } from "./channels.ts";
import { ask, clientOf, type Target } from "./client.ts";
import { Trouble } from "./trouble.ts";

const LOOK_MS = 1000;
/** WhatsApp shows its codes for about two minutes. */
const PATIENCE_MS = 180_000;

/** Adds `login` and `logout` to `nanoflare channels`: linking an account through the companion. */
export function addLinkCommands(channels: Command, target: () => Target): void {
  channels
    .command("login")
    .description("link an account through the companion, which must be running")
    .argument("<channel>", "whatsapp")
    .option("--phone <number>", "by a code to type on the phone of this number, instead of a QR code")
    .action((channel: string, { phone }: { phone?: string }) => login(target(), channel, phone));
  channels
    .command("logout")
    .description("forget the link of an account")
    .argument("<channel>", "whatsapp")
    .action((channel: string) => logout(target(), channel));
}

async function login(target: Target, channel: string, phone?: string): Promise<void> {
  requireLinked(channel);
  await ask(
    target,
    clientOf(target).companion[":channel"].link.$post({ param: { channel }, json: { phone } }),
  );
  let shown = "";
  for (let waited = 0; waited < PATIENCE_MS; waited += LOOK_MS) {
    const state = await stateOf(target, channel);
    if (state.state === "ready") return console.log(`${channel} is linked: ${state.account ?? "connected"}.`);
    const over = ["not linked", "logged out", "failed", "off"].includes(state.state);
    if (over && state.problem) throw new Trouble(`${channel} was not linked: ${state.problem}`);
    const code = state.code ?? state.qr ?? "";
    if (code !== shown) show(channel, state);
    shown = code;
    await sleep(LOOK_MS);
  }
  throw new Trouble(`${channel} was not linked in time; try again.`);
}

async function logout(target: Target, channel: string): Promise<void> {
  requireLinked(channel);
  await ask(target, clientOf(target).companion[":channel"].unlink.$post({ param: { channel } }));
  console.log(`The link of ${channel} is forgotten.`);
}

/** Throws `Trouble` for a network whose accounts are not linked. */
function requireLinked(channel: string): void {
  if (channel === "whatsapp") return;
  throw new Trouble(
    BY_TOKEN.includes(channel)
      ? `${channel} needs no login: set its variables; npx nanoflare channels status names those that it lacks.`
      : `"${channel}" has no login; whatsapp has.`,
  );
}

async function stateOf(target: Target, channel: string) {
  const { online, connectors } = await ask(target, clientOf(target).companion.$get());
  const state = connectors.find((connector) => connector.channel === channel);
  if (!online) throw new Trouble("The companion is offline: start it with npm run companion.");
  if (!state) throw new Trouble(`The companion does not carry ${channel}.`);
  return state;
}

function show(channel: string, { qr, code }: { qr?: string; code?: string }): void {
  if (code) console.log(`On the phone: Settings, Linked devices, Link with phone number. The code: ${code}`);
  if (!qr) return;
  console.log(`On the phone: ${channel}, Settings, Linked devices, Link a device. Scan this:`);
  qrcode.generate(qr, { small: true });
}
