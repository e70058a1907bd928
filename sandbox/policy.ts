import { Bash, InMemoryFs, isSpent, newPiece } from "#bash";
import { HOME } from "../agent/notebook.ts";

/** A part of bash's syntax tree; `Bash.transform` types it, its exports do not. */
type Tree = ReturnType<Bash["transform"]>["ast"];
type Node = { type: string; [field: string]: unknown };

const ROOTS =
  "/ /workspace /bin /boot /dev /etc /home /lib /opt /proc /root /run /sbin /srv /sys /usr /var".split(" ");
const POWER = new Set(["shutdown", "reboot", "halt", "poweroff"]);
const SHELLS = new Set(["sh", "bash", "dash", "zsh", "ksh"]);
/** Commands that run the command behind their options. The options that take a word of their own follow. */
const WRAPPERS: Record<string, RegExp> = {
  sudo: /^-[ugCpRTh]$/,
  doas: /^-[uC]$/,
  env: /^-[uCS]$/,
  nice: /^-n$/,
  nohup: /^$/,
  time: /^-[fo]$/,
  timeout: /^-[ks]$/,
  exec: /^-a$/,
  command: /^$/,
  builtin: /^$/,
  busybox: /^$/,
  xargs: /^-[IndPLsE]$/,
  setsid: /^$/,
};
const DISK = /^\/dev\/(?!null$|zero$|full$|stdin$|stdout$|stderr$|tty$|fd\/|u?random$)/;

let parser: Bash | undefined;

/**
 * Why a command is not run, in words for the model, or undefined. A courtesy against accidents, for commands as they
 * are written: the isolation of the sandbox is what protects. Quoted text is text, unless a shell or `eval` runs it.
 */
export function refusal(command: string, depth = 0): string | undefined {
  if (depth === 0) newPiece();
  const tree = parse(command);
  if (tree === "spent") return "it takes too long to read; write it shorter, or as a file";
  if (!tree || depth > 4) return undefined;
  for (const node of nodesOf(tree)) {
    const reason = inCommand(node, depth) ?? inFunction(node) ?? inRedirection(node);
    if (reason) return reason;
  }
}

/** A command that does not parse is the shell's to report. */
function parse(command: string): Tree | "spent" | undefined {
  parser ??= new Bash({ fs: new InMemoryFs() });
  try {
    return parser.transform(command).ast;
  } catch (error) {
    return isSpent(error) ? "spent" : undefined;
  }
}

function* nodesOf(value: unknown): Generator<Node> {
  if (typeof value !== "object" || value === null) return;
  if ("type" in value) yield value as Node;
  for (const child of Object.values(value)) yield* nodesOf(child);
}

function inCommand(node: Node, depth: number): string | undefined {
  if (node.type !== "SimpleCommand" || !node.name) return undefined;
  const [path = "", ...args] = unwrap([node.name, ...(node.args as unknown[])].map(textOf));
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (SHELLS.has(name)) return inScript(args[args.findIndex((arg) => /^-\w*c$/.test(arg)) + 1], args, depth);
  if (name === "eval") return refusal(args.join(" "), depth + 1);
  if (name === "rm") return inRemoval(args);
  if (/^mkfs(\.|$)|^mke2fs$/.test(name) || name === "format") return `${name} erases a file system`;
  if (name === "dd" && args.some((arg) => DISK.test(arg.replace(/^of=/, "")) && arg.startsWith("of="))) {
    return "dd would overwrite a device";
  }
  const power = name === "systemctl" ? args.find((arg) => POWER.has(arg)) : name;
  if (power && POWER.has(power)) return `${power} stops the machine`;
  if (/^(tel)?init$/.test(name) && /^[06]$/.test(args[0] ?? ""))
    return `${name} ${args[0]} stops the machine`;
}

function inScript(script: string | undefined, args: string[], depth: number): string | undefined {
  const isScript = args.some((arg) => /^-\w*c$/.test(arg));
  return isScript && script ? refusal(script, depth + 1) : undefined;
}

function inRemoval(args: string[]): string | undefined {
  if (!args.some((arg) => /^-[a-zA-Z]*[rR]|^--recursive$/.test(arg))) return undefined;
  const root = args.filter((arg) => !arg.startsWith("-")).find(isRoot);
  return root && `rm -r on ${root} removes everything`;
}

/** The folder itself, or all that is in it. */
function isRoot(target: string): boolean {
  if (!target.startsWith("/")) return false;
  const names: string[] = [];
  for (const name of target.replace(/\/(\*|\.\*|\{,\.\}\*)$/, "").split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  const folder = `/${names.join("/")}`;
  return ROOTS.includes(folder) || folder === HOME;
}

/** A function that starts itself more than once, or in the background. */
function inFunction(node: Node): string | undefined {
  if (node.type !== "FunctionDef") return undefined;
  const inner = [...nodesOf(node.body)];
  const calls = (part: unknown) =>
    [...nodesOf(part)].filter(
      (other) => other.type === "SimpleCommand" && other.name && textOf(other.name) === node.name,
    );
  const piped = inner.some(
    (other) =>
      other.type === "Pipeline" &&
      (other.commands as unknown[]).filter((each) => calls(each).length > 0).length > 1,
  );
  const behind = inner.some(
    (other) => other.type === "Statement" && other.background === true && calls(other).length > 0,
  );
  return piped || behind ? `${node.name} would start itself without end` : undefined;
}

function inRedirection(node: Node): string | undefined {
  if (node.type !== "Redirection" || !String(node.operator).includes(">")) return undefined;
  const target = textOf(node.target);
  return /^\/dev\/([shv]d|xvd|nvme|mmcblk|disk|mem|kmem|mapper|loop|dm-)/.test(target)
    ? `writing to ${target} would overwrite a device`
    : undefined;
}

/** Takes off `sudo`, `env A=b` and the like. */
function unwrap(words: string[]): string[] {
  let rest = words;
  for (let name = rest[0] ?? ""; ; name = rest[0] ?? "") {
    const takesWord = WRAPPERS[name.slice(name.lastIndexOf("/") + 1)];
    if (!takesWord) return rest;
    let next = 1;
    while (next < rest.length && /^-|^\w+=|^[\d.]+[smhd]?$/.test(rest[next]!))
      next += takesWord.test(rest[next]!) ? 2 : 1;
    rest = rest.slice(next);
  }
}

/** The text that a word stands for, as far as it is known without running anything. */
function textOf(word: unknown): string {
  const parts = (word as { parts?: Node[] }).parts ?? [];
  return parts.map(partText).join("");
}

function partText(part: Node): string {
  switch (part.type) {
    case "Literal":
    case "SingleQuoted":
    case "Escaped":
      return String(part.value);
    case "DoubleQuoted":
      return textOf(part);
    case "Glob":
      return String(part.pattern);
    case "TildeExpansion":
      return part.user ? `~${part.user}` : HOME;
    case "ParameterExpansion":
      return part.parameter === "HOME" && !part.operation ? HOME : "$";
    default:
      return "$";
  }
}
