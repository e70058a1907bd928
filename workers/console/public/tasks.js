// What is planned: a line that counts down to the next task, and all of them behind it.

/** @typedef {import("../../../channels/web/frames.ts").ShownTask} ShownTask */
/** @typedef {Extract<import("../../../channels/web/frames.ts").ServerFrame, { type: "tasks" }>} TasksFrame */

export class Tasks {
  #parts;
  /** @type {ShownTask[]} */
  #tasks = [];
  /** What the group's clock is ahead of ours, in milliseconds. */
  #ahead = 0;
  #timer = 0;
  /** @type {Map<ShownTask, HTMLElement>} */
  #clocks = new Map();

  /** @param {{ region: HTMLElement, count: HTMLElement, next: HTMLElement, list: HTMLElement }} parts */
  constructor(parts) {
    this.#parts = parts;
    document.addEventListener("visibilitychange", () => this.#tick());
  }

  /** @param {TasksFrame} frame */
  show({ tasks, more, now }) {
    const { region, count, list } = this.#parts;
    this.#tasks = tasks;
    this.#ahead = now - Date.now();
    this.#clocks.clear();
    list.replaceChildren(...tasks.map((task) => this.#row(task)), ...rest(more));
    const all = tasks.length + more;
    count.textContent = all === 1 ? "1 task" : `${all} tasks`;
    // Who reads the list must not lose the place in the page with it.
    if (all === 0 && region.contains(document.activeElement)) document.getElementById("text")?.focus();
    region.hidden = all === 0;
    this.#tick();
  }

  /** @param {ShownTask} task */
  #row(task) {
    const row = document.createElement("li");
    const clock = part("clock", "");
    clock.setAttribute("role", "timer");
    this.#clocks.set(task, clock);
    row.append(
      part("number", `${task.number}`),
      part("name", task.name),
      clock,
      part("schedule", task.schedule),
    );
    return row;
  }

  /** Sets all clocks, and comes again when the next one changes. Nothing counts while there is nothing to see. */
  #tick() {
    clearTimeout(this.#timer);
    const now = Date.now() + this.#ahead;
    for (const [task, clock] of this.#clocks) set(clock, until(task, now));
    const [first] = this.#tasks;
    set(this.#parts.next, first ? `${first.name}: ${until(first, now)}` : "");
    const counts = this.#tasks.some((task) => !task.running && task.nextAt !== null && task.nextAt > now);
    if (counts && !document.hidden) this.#timer = setTimeout(() => this.#tick(), 1000 - (now % 1000));
  }
}

/** Text that stays the same is left alone: whoever has selected it keeps the selection. @param {HTMLElement} element @param {string} text */
function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {ShownTask} task @param {number} now */
function until(task, now) {
  if (task.running) return "running";
  if (task.nextAt === null) return task.state === "paused" ? "paused" : "waiting";
  const seconds = Math.ceil((task.nextAt - now) / 1000);
  return seconds > 0 ? `in ${span(seconds)}` : "now";
}

/** `0:09`, `4:05`, `2:03:10`, `3 d 4 h`. @param {number} seconds */
function span(seconds) {
  const [days, hours, minutes] = [seconds / 86_400, (seconds / 3600) % 24, (seconds / 60) % 60].map(
    Math.floor,
  );
  if (days) return `${days} d ${hours} h`;
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes ?? 0)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** @param {number} more */
function rest(more) {
  if (more === 0) return [];
  const row = document.createElement("li");
  row.append(part("schedule", `and ${more} more: /tasks shows them`));
  return [row];
}

/** @param {string} name @param {string} text */
function part(name, text) {
  const element = document.createElement("span");
  element.className = name;
  element.textContent = text;
  return element;
}
