import { DIRECTORY } from "../durable-objects/rpc.ts";

/** Groups that are woken side by side. */
const WIDTH = 5;

/** Wakes the groups that should have worked and did not: a lost alarm, a turn that a crash left. Answers how many. */
export async function sweep(env: Env): Promise<number> {
  const overdue = await env.DIRECTORY.getByName(DIRECTORY).overdue();
  for (let index = 0; index < overdue.length; index += WIDTH) {
    const some = overdue.slice(index, index + WIDTH);
    // One group that fails must not keep the others asleep.
    await Promise.allSettled(some.map((address) => env.GROUP.getByName(address).wake()));
  }
  return overdue.length;
}
