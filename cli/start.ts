/** `npm start`. */
import { startFrugally } from "./local/frugal.ts";

startFrugally();
// Loaded only now: what was loaded before would be loaded twice.
const [{ start }, { orExplain }] = await Promise.all([import("./local/start.ts"), import("./trouble.ts")]);
await orExplain(() => start());
// What the runtime left open must not keep an ended start alive.
process.exit();
