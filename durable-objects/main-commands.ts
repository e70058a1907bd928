import { parseAssignments } from "../agent/group-settings.ts";
import { chooseModels } from "../agent/models/choose.ts";
import type { DirectoryStub } from "./admission.ts";
import type { Asking } from "./directory/rpc.ts";
import type { Room } from "./room.ts";

/** The commands by which main looks after all chats. Each answers what is said in the chat. */
export class MainCommands {
  readonly #room: Room;
  readonly #directory: () => DirectoryStub;

  constructor(room: Room, directory: () => DirectoryStub) {
    this.#room = room;
    this.#directory = directory;
  }

  /** `/groups`, and `/groups show|add|remove|set NAME …`. */
  async groups(by: Asking, args: string): Promise<string> {
    const [, verb = "", rest = ""] = /^(\S*)\s*([\s\S]*)$/.exec(args.trim()) ?? [];
    const directory = this.#directory();
    if (verb === "" || verb === "list") return directory.describeGroups(by.address);
    if (rest === "") return GROUPS_HELP;
    switch (verb.toLowerCase()) {
      case "show":
        return (await directory.show(plain(rest), by)).said;
      case "add":
        return (await directory.register(rest, by)).said;
      case "remove":
        return (await directory.remove(plain(rest), by)).said;
      case "set":
        return this.#set(by, rest);
      default:
        return GROUPS_HELP;
    }
  }

  /** `/model`, `/model MODEL` for this chat, `/model GROUP MODEL`; `default` goes back to the install's. */
  async model(by: Asking, args: string): Promise<string> {
    const words = args.trim();
    if (words === "") return this.#shown(this.#room.settings?.model, "here");
    const alone = await this.#directory().find(plain(words), by.address);
    if (alone) return this.#shown(alone.model, `in "${alone.name}"`);
    const [, group, model] = /^(?:([\s\S]*\S)\s+)?(\S+)$/.exec(words) ?? [];
    const { ok, said } = await this.#directory().configure(plain(group ?? by.address), { model: model! }, by);
    if (!ok) return said;
    return `${said} ${this.#shown(/^default$/i.test(model!) ? undefined : model, "there")}`;
  }

  /** `/pause [GROUP]` and `/resume [GROUP]`. */
  async pause(by: Asking, paused: boolean, args: string): Promise<string> {
    return (await this.#directory().pause(paused, plain(args) || undefined, by)).said;
  }

  async #set(by: Asking, rest: string): Promise<string> {
    const [, quoted, bare, words = ""] =
      /^(?:["“]([^"”]+)["”]|(.+?))\s+((?:[\w-]+\s*=)[\s\S]*)$/.exec(rest) ?? [];
    const written = parseAssignments(words);
    const name = quoted ?? bare;
    if (!name || !written) return GROUPS_HELP;
    return (await this.#directory().configure(name, written, by)).said;
  }

  #shown(model: string | undefined, where: string): string {
    const { model: name, provider, why } = chooseModels(this.#room.config.vars, model)[0]!;
    return `The model ${where} is ${name} (${provider}): ${why}`;
  }
}

/** A name as it may be written, with or without quotes. */
function plain(name: string): string {
  return (/^["“](.+)["”]$/.exec(name.trim())?.[1] ?? name).trim();
}

const GROUPS_HELP = [
  "/groups lists all chats. Also:",
  "- /groups show NAME",
  '- /groups add NAME, or /groups add "NAME" folder FOLDER to take over the files of a removed group',
  "- /groups remove NAME",
  "- /groups set NAME key=value, e.g. /groups set Family trigger=@Home allow=telegram:1001 timezone=Europe/Berlin",
].join("\n");
