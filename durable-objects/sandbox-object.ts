import { getSandbox, Sandbox as SdkSandbox } from "@cloudflare/sandbox";
import { readCredentials } from "../agent/credentials.ts";
import helper from "../sandbox/hands.py";
import { type Hands, type Ran, type Reach, STATE } from "../sandbox/hands.ts";
import { outbound } from "../sandbox/outbound.ts";
import { readConfig } from "./config.ts";
import { outboundPorts } from "./outbound.ts";

export { ContainerProxy } from "@cloudflare/sandbox";

/** Sessions would run commands one after another, so that none could be stopped. */
const OPTIONS = { enableDefaultSession: false, sleepAfter: "10m", transport: "rpc" } as const;

/**
 * A group's container, with the few verbs that its group needs. All of the SDK stays behind this class, in the Worker
 * of the full install alone; of it `exec`, `writeFile` and `destroy` are used, which its next version keeps.
 */
export class Sandbox extends SdkSandbox<Env> implements Hands {
  override enableInternet = false;
  override interceptHttps = true;
  override sleepAfter = OPTIONS.sleepAfter;
  #reach = "";

  async run(command: string, reach: Reach): Promise<Ran> {
    await this.#allow(reach);
    if (reach.outside) await this.noteHost("*");
    const { stdout, stderr, exitCode } = await this.#self().exec(command);
    return { stdout, stderr, exitCode, reached: (await this.ctx.storage.get<string[]>("reached")) ?? [] };
  }

  async begin(): Promise<void> {
    await this.ctx.storage.delete("reached");
    await this.#self().exec(`mkdir -p -m 700 ${STATE}`);
    await this.#self().writeFile(`${STATE}/hands.py`, helper);
  }

  async put(path: string, text: string): Promise<void> {
    await this.#self().writeFile(path, text);
  }

  async end(): Promise<void> {
    await this.destroy();
  }

  /** A host is about to be reached: what the container holds from now on may come from there. */
  async noteHost(host: string): Promise<void> {
    const hosts = (await this.ctx.storage.get<string[]>("reached")) ?? [];
    if (!hosts.includes(host)) await this.ctx.storage.put("reached", [...hosts, host].slice(0, 100));
  }

  /** Without this call nothing is reached: `enableInternet` is off. */
  async #allow(reach: Reach): Promise<void> {
    const wanted = JSON.stringify(reach);
    if (wanted === this.#reach) return;
    await this.setOutboundHandler("gate", reach);
    this.#reach = wanted;
  }

  #self() {
    return getSandbox(namespaceOf(this.env), this.ctx.id.name!, OPTIONS);
  }
}

/** `wrangler types` knows the classes of the default Worker alone. */
function namespaceOf(env: Env): DurableObjectNamespace<Sandbox> {
  return env.SANDBOX as unknown as DurableObjectNamespace<Sandbox>;
}

/** Every HTTP and HTTPS request of a container; `params` are what its group allowed with the last command. */
function gate(
  request: Request,
  env: Env,
  { containerId, params }: { containerId: string; params?: unknown },
) {
  const namespace = namespaceOf(env);
  const config = readConfig(env);
  return outbound(request, params as Reach | undefined, {
    ...outboundPorts(config, []),
    fetch: (asked) => fetch(asked),
    credentials: readCredentials(config.vars).credentials,
    noteHost: (host) => namespace.get(namespace.idFromString(containerId)).noteHost(host),
  });
}

// A static field would hide the SDK's own setter, which keeps the handlers.
Sandbox.outboundHandlers = { gate };
