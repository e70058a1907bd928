/**
 * Whether a line of the log is workerd talking to its own makers: it marks what is no fault of the program with
 * NOSENTRY, such as an alarm that a kill cut short and that runs again. The Worker's own lines are JSON.
 */
export function isRuntimeNote(message: string): boolean {
  return !message.startsWith("{") && /\bNOSENTRY\b/.test(message);
}
