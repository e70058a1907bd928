import { getMimeType } from "hono/utils/mime";
import { PICTURES } from "../channels/files.ts";
import { DIRECTORY } from "../durable-objects/directory/rpc.ts";

const PLAIN = "application/octet-stream";
/** What a browser would run if it were ever shown: it goes out as plain bytes. */
const RUNS = /html|xml|svg|script|flash|wasm/;

/**
 * A file that was sent in a chat of the owner, by the SHA-256 of its content: a picture is shown, everything else is a
 * download under its name. 404 when it is not kept any more.
 */
export async function giveFile(
  { address, id, name }: { address: string; id: string; name: string },
  env: Env,
): Promise<Response> {
  const chat = await env.DIRECTORY.getByName(DIRECTORY).find(address);
  const known = chat?.registered && /^[0-9a-f]{64}$/.test(id);
  const object = known ? await env.FILES.get(`media/${chat.folder}/${id}`) : null;
  if (!object) return Response.json({ error: "This file is not kept any more." }, { status: 404 });
  return new Response(object.body, {
    headers: {
      ...typeOf(object.httpMetadata?.contentType ?? PLAIN, name),
      "content-length": String(object.size),
      "x-content-type-options": "nosniff",
      // The address names the content: it never changes.
      "cache-control": "private, max-age=31536000, immutable",
    },
  });
}

function typeOf(stored: string, name: string): Record<string, string> {
  const shown = PICTURES.includes(stored);
  const named = getMimeType(name) ?? PLAIN;
  return {
    "content-type": shown ? stored : RUNS.test(named) ? PLAIN : named,
    "content-disposition": `${shown ? "inline" : "attachment"}; filename*=UTF-8''${encoded(name)}`,
  };
}

/** https://www.rfc-editor.org/rfc/rfc8187: these five mean something else there. */
function encoded(name: string): string {
  return encodeURIComponent(name).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
}
