import { validator } from "hono/validator";
import type * as z from "zod";

/** What to mend: sentences that stand for themselves, or a field's name and what is wrong with it. */
export function told({ issues }: z.core.$ZodError): string {
  return issues
    .map(({ path, message }) => (message.endsWith(".") ? message : `${path.join(".")}: ${message}`))
    .join(" ");
}

/** A query of this form, likewise. */
export function query<S extends z.ZodType>(schema: S) {
  return validator("query", (value, c) => {
    const parsed = schema.safeParse(value);
    return parsed.success ? parsed.data : c.json({ error: told(parsed.error) }, 400);
  });
}

/** A JSON body of this form; anything else is answered with what to mend. */
export function body<S extends z.ZodType>(schema: S) {
  return validator("json", (value, c) => {
    const parsed = schema.safeParse(value);
    return parsed.success ? parsed.data : c.json({ error: told(parsed.error) }, 400);
  });
}
