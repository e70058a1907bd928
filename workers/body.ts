import { validator } from "hono/validator";
import * as z from "zod";

/** A query of this form, likewise. */
export function query<S extends z.ZodType>(schema: S) {
  return validator("query", (value, c) => {
    const parsed = schema.safeParse(value);
    return parsed.success ? parsed.data : c.json({ error: z.prettifyError(parsed.error) }, 400);
  });
}

/** A JSON body of this form; anything else is answered with what to mend. */
export function body<S extends z.ZodType>(schema: S) {
  return validator("json", (value, c) => {
    const parsed = schema.safeParse(value);
    return parsed.success ? parsed.data : c.json({ error: z.prettifyError(parsed.error) }, 400);
  });
}
