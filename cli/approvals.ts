import { Command } from "commander";
import { ask, clientOf, type Target } from "./client.ts";
import { table, time } from "./table.ts";

/** `nanoflare approvals`: calls that wait for somebody's yes, and saying it. */
export function approvalsCommand(target: () => Target): Command {
  const approvals = new Command("approvals").description("calls that wait for somebody's yes");
  approvals
    .command("list", { isDefault: true })
    .description("those that wait")
    .option("--all", "also what became of the others")
    .option("--json", "as JSON")
    .action((options: { all?: boolean; json?: boolean }) => list(target(), options));
  for (const verdict of ["approve", "deny"] as const)
    approvals
      .command(verdict)
      .description(verdict === "approve" ? "let a call run, once" : "say no to a call")
      .argument("<number>", "as the list shows it, e.g. 3")
      .option("--group <name>", "the chat's name or address", "web:main")
      .action((number: string, { group }: { group: string }) => decide(target(), verdict, number, group));
  return approvals;
}

async function list(target: Target, { all, json }: { all?: boolean; json?: boolean }): Promise<void> {
  const known = await ask(target, clientOf(target).approvals.$get());
  const shown = all ? known : known.filter(({ state }) => state === "asked");
  if (json) return console.log(JSON.stringify(shown, undefined, 2));
  if (shown.length === 0) return console.log("Nothing waits for approval.");
  const rows = shown.map((row) => [`#${row.number}`, row.group, row.tool, row.fate, time(row.expiresAt)]);
  console.log(table(["number", "group", "tool", "state", "until"], rows));
  for (const { number, group, asked, state } of shown)
    if (state === "asked") console.log(`\n#${number} in ${group}:\n${asked}`);
}

/** Throws `Trouble` with the reason where nothing was decided. */
async function decide(
  target: Target,
  verdict: "approve" | "deny",
  number: string,
  group: string,
): Promise<void> {
  const param = { address: encodeURIComponent(group), number: number.replace(/^#/, "") };
  const url = clientOf(target).approvals[":address"][":number"];
  const answer = await ask(
    target,
    verdict === "approve" ? url.approve.$post({ param }) : url.deny.$post({ param }),
  );
  console.log(answer.said);
}
