import { ask, clientOf, type Target } from "./client.ts";

/** Prints a one-time code that makes the chat it is sent in the main one. */
export async function pair(target: Target): Promise<void> {
  const { code } = await ask(target, clientOf(target).pair.$post());
  console.log(`Send this in the chat that shall be main (valid for an hour, once): /main ${code}`);
}
