import type { Author } from "./notebook.ts";

/** `owner`: main; `member`: people of the group; `outside`: bots, people who may not wake the assistant, files of theirs. */
export type Trust = Author["trust"];

const ORDER: readonly Trust[] = ["owner", "member", "outside"];

/** The label of what was made from all of these: the lowest one. */
export function lowest(first: Trust, ...others: Trust[]): Trust {
  return others.reduce((low, label) => (ORDER.indexOf(label) > ORDER.indexOf(low) ? label : low), first);
}
