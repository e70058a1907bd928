import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { instrument } from "./instrument.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const METER = `${root}sandbox/metered/meter.ts`;

/** What is imported as `#bash` and `#re2`, and the package that it is made of; the repository does not hold it. */
export const MODULES = { bash: "just-bash/browser", re2: "re2js" };

export type Made = keyof typeof MODULES;

export const fileOf = (name: Made) => `${root}dist/${name}.js`;

const metered: Plugin = {
  name: "metered",
  setup({ onLoad }) {
    onLoad({ filter: /node_modules.+\.m?js$/ }, ({ path }) => ({
      contents: instrument(readFileSync(path, "utf8"), METER),
    }));
  },
};

/** A package with those whose loops work for it, and with the meter that counts what they do. */
export async function meteredModule(name: Made): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: [MODULES[name], METER].map((from) => `export * from ${JSON.stringify(from)};`).join(""),
      resolveDir: root,
    },
    bundle: true,
    write: false,
    outfile: fileOf(name),
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    // The Worker uses turndown for pages too.
    external: ["node:*", "turndown"],
    minifyWhitespace: true,
    legalComments: "none",
    plugins: [metered],
  });
  return outputFiles[0]!.text;
}
