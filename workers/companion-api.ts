import { Hono } from "hono";
import { renderSVG } from "uqr";
import * as z from "zod";
import { newId } from "../durable-objects/clock.ts";
import { LINE } from "../durable-objects/links/rpc.ts";
import { body } from "./body.ts";
import type { Doors } from "./doors.ts";

const PHONE = "Write the phone's number with its country code, such as +49 151 23456789.";

/** A phone number as people write it; only its digits count. */
const phone = z
  .string()
  .transform((text) => text.replace(/[^\d]/g, ""))
  .pipe(z.string().regex(/^[1-9]\d{6,14}$/, PHONE));

/** The companion: how it is, and linking accounts through it. */
export const companion = new Hono<Doors>()
  .get("/companion", async (c) => c.json(await line(c.env).status()))
  .get("/companion/:channel/qr", async (c) => {
    const { connectors } = await line(c.env).status();
    const qr = connectors.find(({ channel }) => channel === c.req.param("channel"))?.qr;
    if (!qr) return c.json({ error: "There is no QR code to scan at this moment." }, 404);
    // Who has this picture can link an account to this install.
    const headers = { "content-type": "image/svg+xml", "cache-control": "no-store" };
    return c.body(renderSVG(qr, { border: 4 }), 200, headers);
  })
  .post("/companion/:channel/link", body(z.object({ phone: phone.optional() })), async (c) => {
    const { phone } = c.req.valid("json");
    const result = await line(c.env).command(newId(), c.req.param("channel"), { do: "link", phone });
    return result.outcome === "done" ? c.json({ ok: true }) : c.json({ error: result.reason }, 409);
  })
  .post("/companion/:channel/unlink", async (c) => {
    const result = await line(c.env).command(newId(), c.req.param("channel"), { do: "unlink" });
    return result.outcome === "done" ? c.json({ ok: true }) : c.json({ error: result.reason }, 409);
  });

function line(env: Env) {
  return env.LINKS.getByName(LINE);
}
