import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { agent } from "./agent.ts";
import { approvalsCommand } from "./approvals.ts";
import { auditCommand } from "./audit.ts";
import { channelsCommand } from "./channels.ts";
import type { TargetOptions } from "./client.ts";
import { findTarget } from "./client.ts";
import { addLinkCommands } from "./companion-link.ts";
import { cronCommand, heartbeatCommand } from "./cron.ts";
import { deadLetters, resend } from "./dead-letters.ts";
import { groupsCommand, pauseCommand } from "./groups.ts";
import { ROOT } from "./local/settings.ts";
import { login } from "./login.ts";
import { mcpCommand } from "./mcp.ts";
import { listMemory, listVersions, type MemoryOptions, restoreMemory, showMemory } from "./memory.ts";
import { pair } from "./pair.ts";
import { skillsCommand } from "./skills.ts";
import { status } from "./status.ts";
import { orExplain } from "./trouble.ts";

const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };

const program = new Command("nanoflare")
  .description("Talk to your assistant and look after it.")
  .version(version)
  .option("--url <address>", "a deployed install [the one on this machine; NANOFLARE_URL]")
  .option("--token <token>", "its admin token [ADMIN_TOKEN]")
  .showHelpAfterError();

const target = () => findTarget(program.opts<TargetOptions>());

program
  .command("start")
  .description("run the assistant on this machine, as npm start does")
  .action(async () => (await import("./local/start.ts")).start());
program
  .command("agent")
  .description("say one thing and get the answer, or talk when nothing is given")
  .argument("[text...]", "what to say")
  .option("-m, --message <text>", "the same, as an option")
  .action((text: string[], { message }: { message?: string }) =>
    agent(target(), [message, ...text].filter(Boolean).join(" ")),
  );
program
  .command("status")
  .description("channels, model, keys, queue, budget and where files live")
  .option("--json", "as JSON")
  .action((options: { json?: boolean }) => status(target(), options));
program
  .command("pair")
  .description("print a code that makes a chat the main one")
  .action(() => pair(target()));
program
  .command("login")
  .description("print a link that opens the console, once")
  .action(() => login(target()));

const channels = channelsCommand(target);
addLinkCommands(channels, target);
program.addCommand(channels);
program.addCommand(groupsCommand(target));
program.addCommand(pauseCommand("pause", target));
program.addCommand(pauseCommand("resume", target));
program.addCommand(auditCommand(target));
program.addCommand(approvalsCommand(target));

const memory = program.command("memory").description("what a chat remembers, and what it remembered before");
const ofMemory = (name: string, description: string, isDefault = false) =>
  memory
    .command(name, { isDefault })
    .description(description)
    .option("--group <name>", "a chat's name or address", "web:main")
    .option("--json", "as JSON");
ofMemory("list", "its memory files and the global ones", true).action((options: MemoryOptions) =>
  listMemory(target(), options),
);
ofMemory("show", "a file as it is, or as it was")
  .argument("<file>", "e.g. MEMORY.md, trips or global/MEMORY.md")
  .argument("[version]", "as the list of versions shows it")
  .action((file: string, version: string | undefined, options: MemoryOptions) =>
    showMemory(target(), file, version, options),
  );
ofMemory("versions", "what a file was before, for whom and when")
  .argument("<file>", "e.g. MEMORY.md")
  .action((file: string, options: MemoryOptions) => listVersions(target(), file, options));
ofMemory("restore", "make a version the newest one")
  .argument("<file>", "e.g. MEMORY.md")
  .argument("<version>", "as the list of versions shows it")
  .action((file: string, version: string, options: MemoryOptions) =>
    restoreMemory(target(), file, version, options),
  );

program.addCommand(skillsCommand(target));
program.addCommand(mcpCommand(target));
cronCommand(program, target);
heartbeatCommand(program, target);

const letters = program.command("dead-letters").description("answers that could not be delivered");
letters
  .command("list", { isDefault: true })
  .description("all of them")
  .action(() => deadLetters(target()));
letters
  .command("resend")
  .description("send one again")
  .argument("<id>", "as the list shows it")
  .action((id: string) => resend(target(), id));

await orExplain(() => program.parseAsync());
// Sockets and servers that are still open must not keep an ended command alive; what was said must get out first.
await Promise.all(
  [process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write("", done))),
);
process.exit();
