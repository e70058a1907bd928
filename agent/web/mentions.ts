/**
 * The forms in which a person or a page may have written an address that a model then gives whole. One of them must
 * stand somewhere, literally: an address that was made up can carry what the model has read.
 */
export function formsOf(address: string): string[] {
  if (!URL.canParse(address)) return [address];
  const { href, hash } = new URL(address);
  const whole = hash ? href.slice(0, -hash.length) : href;
  const forms = [address, href, whole].flatMap((form) => [form, form.replace(/\/$/, "")]);
  const short = forms.flatMap((form) => [form, form.replace(/^https?:\/\//i, ""), decoded(form)]);
  return [...new Set(short)].filter((form) => form.length > 3);
}

/** As a browser's address line shows it. */
function decoded(form: string): string {
  try {
    return decodeURI(form);
  } catch {
    return form;
  }
}
