import { ask, clientOf, type Target } from "./client.ts";

/** Prints a link to the console that lets its first visitor in. */
export async function login(target: Target): Promise<void> {
  const { path } = await ask(target, clientOf(target)["login-link"].$post());
  console.log(`${target.url}${path}`);
}
