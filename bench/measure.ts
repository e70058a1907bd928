import { Agent, request } from "node:http";

/** What a run of requests took. */
export interface Run {
  perSecond: number;
  p50: number;
  p95: number;
  p99: number;
}

/** A request with headers of its own, as a signature is. */
export interface Signed {
  headers: Record<string, string>;
  body: string;
}

/** Posts bodies over so many connections and measures each, in milliseconds. Throws when one is not answered 200. */
export function load(
  url: string,
  headers: Record<string, string>,
  bodies: string[],
  connections: number,
): Promise<Run> {
  const requests = bodies.map((body) => ({ headers, body }));
  return paced(url, requests, connections, Number.POSITIVE_INFINITY);
}

/** The same at an even pace, as platforms deliver: what is measured is the answer, not the queue before it. */
export async function paced(
  url: string,
  requests: Signed[],
  connections: number,
  perSecond: number,
): Promise<Run> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const times: number[] = [];
  let next = 0;
  const started = performance.now();
  const worker = async () => {
    for (let at = next++; at < requests.length; at = next++) {
      const wait = started + (at * 1000) / perSecond - performance.now();
      if (wait > 0) await new Promise((done) => setTimeout(done, wait));
      const { headers, body } = requests[at]!;
      const posted = performance.now();
      await post(url, headers, body, agent);
      times.push(performance.now() - posted);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  const seconds = (performance.now() - started) / 1000;
  agent.destroy();
  return { perSecond: requests.length / seconds, ...percentiles(times) };
}

/** The 50th, 95th and 99th percentile. */
export function percentiles(times: number[]): Pick<Run, "p50" | "p95" | "p99"> {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

function post(url: string, headers: Record<string, string>, body: string, agent: Agent): Promise<void> {
  return new Promise((done, fail) => {
    const call = request(
      url,
      { method: "POST", agent, headers: { ...headers, "content-length": Buffer.byteLength(body) } },
      (response) => {
        response.resume();
        response.on("end", () =>
          response.statusCode === 200 ? done() : fail(new Error(`answered ${response.statusCode}`)),
        );
      },
    );
    call.on("error", fail);
    call.end(body);
  });
}

let missed = 0;

/** Prints a figure beside its goal, and counts the goals that were missed. */
export function figure(
  name: string,
  value: number,
  unit: string,
  goal: { most?: number; least?: number },
): void {
  const good =
    (goal.most === undefined || value <= goal.most) && (goal.least === undefined || value >= goal.least);
  if (!good) missed++;
  const wanted = goal.most !== undefined ? `at most ${goal.most}` : `at least ${goal.least}`;
  console.log(
    `${good ? "ok    " : "MISSED"} ${name.padEnd(58)} ${value.toFixed(1).padStart(8)} ${unit}  (${wanted})`,
  );
}

/** How many goals were missed so far. */
export function missedGoals(): number {
  return missed;
}

/** Does so many pieces of work, some of them at once. */
export async function inTurns(
  count: number,
  atOnce: number,
  work: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
