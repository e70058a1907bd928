/** What follows a call by name, without what sets it off, such as a comma; "" where nothing does or is left. */
export function afterCall(rest: string): string {
  const [separator] = /^(?:[\s,:;،，：；、]|[.!–—-](?=\s|$))+/u.exec(rest) ?? [""];
  return separator && rest.slice(separator.length);
}
