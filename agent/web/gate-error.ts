/**
 * Why nothing came through the gate:
 * - `address`: the URL, host or port is none that may be called
 * - `egress`: the group's settings do not allow the host
 * - `dns`: the name has no address, or nobody answered for it
 * - `redirect`: too many, or one that cannot be followed
 * - `size`, `time`: a cap
 * - `network`: nobody answered
 */
export type GateReason = "address" | "egress" | "dns" | "redirect" | "size" | "time" | "network";

/** A request that the gate did not let through, or an answer that it cut. The message is for people and the model. */
export class GateError extends Error {
  readonly reason: GateReason;

  constructor(reason: GateReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
