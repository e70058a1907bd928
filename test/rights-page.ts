import { RIGHTS, type Right, ROLES } from "../agent/rights.ts";

/** The table of docs/threat-model.md, as it follows from the rights. */
export function rightsTable(): string {
  const head = ["what", ...ROLES, "outside turn"];
  return [row(head), row(head.map(() => "---")), ...RIGHTS.map((right) => row(cells(right)))].join("\n");
}

function cells(right: Right): string[] {
  const names = right.keys.map((key) => `\`${key}\``).join(", ");
  const who = ROLES.map((role) => (right.who.includes(role) ? "yes" : ""));
  return [`**${right.part}.** ${right.says} ${names}`, ...who, right.clean ? "no" : ""];
}

function row(fields: string[]): string {
  return `| ${fields.join(" | ")} |`;
}
