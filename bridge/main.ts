/** `npm run companion`: carries networks that cannot call a webhook to the Worker. */
import { Companion } from "./companion.ts";
import { readConfig, Trouble } from "./config.ts";
import { openFolder } from "./folder.ts";

const say = (line: string) => console.log(line);

try {
  const config = readConfig(process.env);
  const lock = openFolder(config.folder);
  const companion = new Companion(config, say);
  companion.start();
  say(`The companion carries its networks to ${config.url()}. Stop it with Ctrl-C.`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void end(companion, lock));
} catch (error) {
  if (!(error instanceof Trouble)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function end(companion: Companion, lock: Disposable): Promise<void> {
  await companion.stop();
  lock[Symbol.dispose]();
  process.exit();
}
