const LATE = /await import\("(\.[^"]+)"\)/g;

/**
 * Loads at once what the Worker imports late, as its bundle has it. The tests' module runner fetches an import over the
 * connection of the request that asks first and lets all others wait for that: one request must not wait for another's
 * work in workerd, so that of several at once some failed.
 */
export function eager() {
  return {
    name: "eager-imports",
    enforce: "pre" as const,
    transform(code: string, id: string) {
      if (id.includes("/node_modules/")) return;
      const late = [...new Set([...code.matchAll(LATE)].map(([, path]) => path!))];
      const imports = late.map((path, index) => `import * as late${index}_ from "${path}";`).join(" ");
      // On the first line, so that all lines keep their numbers.
      if (late.length > 0)
        return imports + code.replace(LATE, (_, path: string) => `late${late.indexOf(path)}_`);
    },
  };
}
