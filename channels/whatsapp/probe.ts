import type { ChannelEnv, Report } from "../channel.ts";

/** Asks the companion whether an account is linked and connected. */
export async function probe({ companion }: ChannelEnv): Promise<Report> {
  const connector = await companion?.state("whatsapp");
  if (!connector)
    return no("The companion is offline, or leaves WhatsApp out. Start it with: npm run companion");
  const { state, account, problem } = connector;
  if (state === "ready") return { ok: true, said: [`Connected as ${account ?? "the linked account"}.`] };
  const help = state === "not linked" || state === "logged out" ? [LINK] : [];
  return no(`The account is ${state}.`, ...(problem ? [problem] : []), ...help);
}

const LINK = "Link an account with: npx nanoflare channels login whatsapp";

function no(...said: string[]): Report {
  return { ok: false, said };
}
