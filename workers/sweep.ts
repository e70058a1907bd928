import { DIRECTORY } from "../durable-objects/directory/rpc.ts";
import { log } from "./log.ts";

/** Groups that are woken side by side. */
const WIDTH = 5;

/** Wakes the groups that should have worked and did not: a lost alarm, a turn that a crash left. Answers how many. */
export async function sweep(env: Env): Promise<number> {
  const overdue = await env.DIRECTORY.getByName(DIRECTORY).overdue();
  for (let index = 0; index < overdue.length; index += WIDTH)
    await Promise.all(overdue.slice(index, index + WIDTH).map((address) => wake(env, address)));
  return overdue.length;
}

/** One group that fails must not keep the others asleep; the next sweep knocks again. */
async function wake(env: Env, address: string): Promise<void> {
  try {
    await env.GROUP.getByName(address).wake();
  } catch (error) {
    log("a group could not be woken", error, { address });
  }
}
