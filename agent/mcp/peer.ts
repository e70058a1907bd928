import { Protocol } from "@modelcontextprotocol/sdk/shared/protocol.js";
import type { Notification, Request, Result } from "@modelcontextprotocol/sdk/types.js";

/**
 * The SDK's protocol without its client or server: those bring a compiler of JSON schemas along which would be a tenth
 * of the Worker, and a Worker may not compile code.
 */
export class Peer<S extends Request, N extends Notification, R extends Result> extends Protocol<S, N, R> {
  protected assertCapabilityForMethod(): void {}
  protected assertNotificationCapability(): void {}
  protected assertRequestHandlerCapability(): void {}
  protected assertTaskCapability(): void {}
  protected assertTaskHandlerCapability(): void {}
}
