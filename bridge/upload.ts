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
