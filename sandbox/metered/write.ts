/** Runs after `npm ci`: writes the modules that are imported as `#bash` and `#re2`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileOf, type Made, MODULES, meteredModule } from "./build.ts";

for (const name of Object.keys(MODULES) as Made[]) {
  mkdirSync(dirname(fileOf(name)), { recursive: true });
  writeFileSync(fileOf(name), await meteredModule(name));
}
