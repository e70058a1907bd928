/** `npm start`. */
import { start } from "./local/start.ts";
import { orExplain } from "./trouble.ts";

await orExplain(() => start());
// What the runtime left open must not keep an ended start alive.
process.exit();
