/** `npm run telegram:poll`: Telegram for a machine without a public address. */
import { setTimeout as sleep } from "node:timers/promises";
import { poll } from "../bridge/telegram/poll.ts";
import { optionsFrom } from "./telegram-options.ts";
import { orExplain } from "./trouble.ts";

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
const wait = (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }).catch(() => undefined);
const say = (line: string) => console.log(line);

await orExplain(() => poll({ ...optionsFrom(process.env), fetch, say, wait, signal: stop.signal }));
