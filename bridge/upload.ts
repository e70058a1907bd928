/** Brings a file to the Worker; answers its key. Rejects when it does not arrive. */
export async function upload(
  install: { url(): string; token: string },
  name: string,
  bytes: Uint8Array,
): Promise<string> {
  const response = await fetch(`${install.url()}/bridge/media/${name}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${install.token}` },
    body: bytes as Uint8Array<ArrayBuffer>,
    redirect: "manual",
    signal: AbortSignal.timeout(60_000),
  });
  if (!response.ok) throw new Error(`the Worker answered ${response.status} to the file`);
  return ((await response.json()) as { key: string }).key;
}

/** Fetches a file that a group sends, by its key. Rejects when it does not come whole. */
export async function fetchMedia(install: { url(): string; token: string }, key: string): Promise<Buffer> {
  const response = await fetch(`${install.url()}/bridge/${key}`, {
    headers: { authorization: `Bearer ${install.token}` },
    redirect: "manual",
    signal: AbortSignal.timeout(60_000),
  });
  if (!response.ok) throw new Error(`the Worker answered ${response.status} to the question for a file`);
  return Buffer.from(await response.arrayBuffer());
}
