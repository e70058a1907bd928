import { type Kind, type Mode, type Plan, planOf } from "./plan.ts";

const WRITES = /^\s*(?:insert|update|delete|create|alter|drop|replace|with)\b/i;

/** Counts what one construction of an object does, and breaks the object where its plan says so. */
export class Meter {
  readonly #ctx: DurableObjectState;
  readonly #name: string;
  #dying = false;
  #inTick = false;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
    this.#name = ctx.id.name ?? "";
  }

  /** Counts rows and alarms from now on. */
  watchStorage(): void {
    const { storage } = this.#ctx;
    const exec = storage.sql.exec.bind(storage.sql);
    own(storage.sql, "exec", (query: string, ...values: never[]) => {
      const cursor = exec(query, ...values);
      if (WRITES.test(query)) this.#point("write", query.replace(/\s+/g, " ").slice(0, 60), values.join());
      return cursor;
    });
    for (const name of ["setAlarm", "deleteAlarm"] as const) {
      const method = storage[name].bind(storage) as (...args: unknown[]) => Promise<void>;
      own(storage, name, (...args: unknown[]) => {
        const done = method(...args);
        const plan = planOf(this.#name);
        if (plan) plan.armed = name === "setAlarm";
        this.#point("write", name);
        return done;
      });
    }
  }

  /** Two points: before the effect leaves, and when its outcome is there and nobody has seen it yet. */
  async effect<T>(kind: Kind, label: string, run: () => PromiseLike<T>): Promise<T> {
    this.#point(kind, `${label} leaves`);
    if (this.#dying) return new Promise<never>(() => {});
    const result = await run();
    this.#point(kind, `${label} returned`);
    return this.#dying ? new Promise<never>(() => {}) : result;
  }

  /** Wraps a binding or a stub, so that each of its methods is an effect. */
  watch<T extends object>(target: T, label: string): T {
    return new Proxy(target, {
      get: (_, method) => {
        const value = Reflect.get(target, method, target) as unknown;
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          // A stub's methods are RPC properties: they are called on the stub, not with `apply`.
          const run = () =>
            (target as Record<PropertyKey, (...args: unknown[]) => unknown>)[method]!(...args);
          return this.effect("call", `${label}.${String(method)}`, run as () => PromiseLike<unknown>);
        };
      },
    });
  }

  /** Wraps a namespace: the calls to its objects are effects. */
  watchNamespace<T extends { getByName(name: string): object }>(namespace: T, label: string): T {
    const getByName = (name: string) => this.watch(namespace.getByName(name), label);
    return { getByName } as unknown as T;
  }

  /** @param values what a plan may look for beside the label */
  #point(kind: Kind, label: string, values = ""): void {
    const plan = planOf(this.#name);
    if (!plan || this.#dying || (plan.only && !plan.only.test(`${kind} ${label} ${values}`))) return;
    plan.seen++;
    this.#tick(plan, kind);
    if (plan.at === 0 || plan.seen < plan.at || (plan.seen > plan.at && !plan.always)) return;
    plan.hit = `${kind} ${label}`;
    plan.crashes++;
    this.#dying = true;
    plan.armed = undefined;
    this.#crash(plan, plan.mode);
  }

  /** A request always stands for itself: what comes after it is another tick. */
  #tick(plan: Plan, kind: Kind): void {
    if (this.#inTick && kind === "write") return;
    this.#inTick = kind === "write";
    plan.ticks.push(plan.seen);
    if (this.#inTick)
      setTimeout(() => {
        this.#inTick = false;
      }, 0);
  }

  #crash(plan: Plan, mode: Mode): void {
    const reason = `crash ${plan.crashes} at point ${plan.seen}`;
    const die = () => {
      plan.over = true;
      this.#ctx.abort(reason);
    };
    if (mode === "lost") return die();
    void this.#ctx.storage.sync().then(die);
  }
}

/** An own property hides the platform's method for this one object. */
function own(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
}
