/** `npm run companion`: carries networks that cannot call a webhook to the Worker. */
import { isIdle, readConfig } from "./config.ts";
import { openFolder } from "./folder.ts";
import { startFrugally } from "./frugal.ts";
import { Trouble } from "./trouble.ts";

startFrugally();

const say = (line: string) => console.log(line);
const IDLE =
  "The companion carries nothing. Set one of these and start it again: WHATSAPP_ENABLED=true, TELEGRAM_POLLING=true, DISCORD_BOT_TOKEN, FEISHU_LONG_CONNECTION=true.";

try {
  const config = readConfig(process.env);
  for (const problem of config.problems) say(problem);
  const lock = openFolder(config.folder);
  const { Companion } = await import("./companion.ts");
  const companion = new Companion(config, say);
  companion.start();
  say(isIdle(config) ? IDLE : `The companion carries its networks to ${config.url()}. Stop it with Ctrl-C.`);
  const end = async () => {
    await companion.stop();
    lock[Symbol.dispose]();
    process.exit();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void end());
} catch (error) {
  if (!(error instanceof Trouble)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
