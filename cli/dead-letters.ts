import { ask, clientOf, type Target } from "./client.ts";
import { shortened, table, time } from "./table.ts";
import { Trouble } from "./trouble.ts";

/** Prints the answers that were not delivered, or of which nobody knows. */
export async function deadLetters(target: Target): Promise<void> {
  const letters = await ask(target, clientOf(target)["dead-letters"].$get());
  if (letters.length === 0) return console.log("Every answer was delivered.");
  const rows = letters.map((letter) => [
    letter.id,
    letter.address,
    letter.state,
    time(letter.at),
    letter.reason,
    shortened(letter.text),
  ]);
  console.log(table(["id", "chat", "state", "since", "reason", "text"], rows));
}

/** Queues one of them again. Throws `Trouble` when there is none with that id. */
export async function resend(target: Target, id: string): Promise<void> {
  const client = clientOf(target);
  const letter = (await ask(target, client["dead-letters"].$get())).find((each) => each.id === id);
  if (!letter) throw new Trouble(`There is no dead letter ${id}; nanoflare dead-letters lists them.`);
  const param = { address: encodeURIComponent(letter.address), id };
  await ask(target, client["dead-letters"][":address"][":id"].resend.$post({ param }));
  console.log(`Queued again for ${letter.address}.`);
}
