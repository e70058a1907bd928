import { validator } from "hono/validator";
import { z } from "zod";

/** A JSON body of this form; anything else is answered with what to mend. */
export function body<S extends z.ZodType>(schema: S) {
  return validator("json", (value, c) => {
    const parsed = schema.safeParse(value);
    return parsed.success ? parsed.data : c.json({ error: z.prettifyError(parsed.error) }, 400);
  });
}
