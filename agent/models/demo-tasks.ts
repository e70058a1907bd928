import { type Asked, type Next, type Rule, tool, unquoted } from "./demo-steps.ts";
import { readPlan } from "./demo-times.ts";

const PLEASE = "^(?:please )?";
const NAME = '["“][^"”]+["”]|\\S+?';
const VERBS: Record<string, string> = {
  show: "get_task",
  pause: "pause_task",
  stop: "pause_task",
  resume: "resume_task",
  continue: "resume_task",
  cancel: "cancel_task",
  delete: "cancel_task",
  remove: "cancel_task",
};
const SHORTEST_MS = 60_000;

const TIMES =
  "I understand “remind me in 10 minutes to …”, “remind me tomorrow at 9 to …”, “every 5 minutes …” and “every Monday at 9:30 …”. For other times set a key for a real model.";
const TOO_OFTEN =
  "That is too often: a task runs at most once a minute, as in “every minute say hi”. Once, it may be sooner: “remind me in 10 seconds to stretch”.";

/** The sentences about tasks. */
export const TASK_RULES: Rule[] = [
  {
    pattern: new RegExp(
      `${PLEASE}schedule (?:a |the )?(?:task|reminder) (?:for|in) (${NAME})\\s*[:,]\\s*([\\s\\S]+)$`,
      "i",
    ),
    next: ([, group, text], asked) => schedule(text!, asked, { group: unquoted(group!) }),
  },
  {
    pattern:
      /^(?:please )?(?:remind me|erinnere mich)\b|^(?:please )?every (?:\d|second|minute|hour|day|week|morning|evening|\w+day)/i,
    next: (_, asked) => schedule(asked.text, asked),
  },
  {
    pattern: new RegExp(
      `${PLEASE}(?:list|show)(?: me)?((?: all| my| the| our| your| scheduled| active)*) (?:tasks|reminders)(?: (?:in|of|for) (?:the group )?(${NAME}))?[.!?]*$|^(?:what|which) (?:tasks|reminders)\\b`,
      "i",
    ),
    next: ([, which = "", group], asked) => tool("list_tasks", where(group, which, asked), asked),
  },
  {
    pattern: new RegExp(
      `${PLEASE}(${Object.keys(VERBS).join("|")})(?: me)?(?: the| my)? (?:task|reminder) #?(\\d+|["“][^"”]+["”])(?: (?:in|of) (?:the group )?(${NAME}))?[.!]*$`,
      "i",
    ),
    next: ([, verb, task, group], asked) =>
      tool(VERBS[verb!.toLowerCase()]!, { task: unquoted(task!), ...where(group, "", asked) }, asked),
  },
  {
    pattern: /^(?:please )?(?:run|execute)(?: the| my)? (?:task|reminder) #?(\d+)[.!]*$/i,
    next: ([, number]) => `Tasks are run by hand in a terminal: npx nanoflare cron run ${number}`,
  },
];

/** Another group, or in main all of them. */
function where(group: string | undefined, which: string, { main }: Asked): { group?: string } {
  if (group) return { group: unquoted(group) };
  return main && /\ball\b/i.test(which) && !/\bmy\b/i.test(which) ? { group: "all" } : {};
}

/** “remind me in 10 seconds to stretch”, “every 5 minutes say hi”. */
function schedule(said: string, asked: Asked, place: { group?: string } = {}): Next {
  const text = said.trim().replace(/^please /i, "");
  const reminder = /^remind me\b/i.test(text);
  const plan = readPlan(text.replace(/^remind me,? /i, ""), asked);
  if (!plan) return TIMES;
  const { schedule_type, schedule_value } = plan.when;
  if (schedule_type === "interval" && Number(schedule_value) < SHORTEST_MS) return TOO_OFTEN;
  const what = unquoted(plan.what.replace(/^(?:say|send|write|tell me)\s+/i, ""));
  return tool(
    "schedule_task",
    { message: reminder ? `Reminder: ${what}` : what, ...plan.when, ...place },
    asked,
  );
}
