// The least that could be called accepting a message: one insert into a Durable Object, its alarm armed.
import { DurableObject } from "cloudflare:workers";

export class Bare extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS inbox (id INTEGER PRIMARY KEY, body TEXT NOT NULL)");
  }

  async receive(body) {
    this.ctx.storage.sql.exec("INSERT INTO inbox (body) VALUES (?)", body);
    await this.ctx.storage.setAlarm(Date.now() + 60_000);
  }

  async alarm() {}
}

export default {
  async fetch(request, env) {
    const body = await request.text();
    await env.BARE.getByName(JSON.parse(body).message.chat.id.toString()).receive(body);
    return new Response(null, { status: 200 });
  },
};
