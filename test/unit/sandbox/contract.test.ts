import { afterAll, test } from "vitest";
import { Container } from "../../../sandbox/container.ts";
import { containerShell } from "../../../sandbox/container-shell.ts";
import { embeddedShell } from "../../../sandbox/embedded.ts";
import { LocalHands, newMarker } from "../../peers/local-hands.ts";
import { whyNoHands } from "../../peers/machine.ts";
import { shellContract } from "./shell-contract.ts";

const opened: LocalHands[] = [];
afterAll(async () => {
  for (const hands of opened) await hands.end();
});

shellContract("the embedded shell", (notebook) => embeddedShell(notebook));

const lacking = whyNoHands();
if (lacking) test.skip(`the container's code keeps the shell's contract: ${lacking}`, () => {});
else
  shellContract("the container's code", (notebook) => {
    const hands = new LocalHands();
    opened.push(hands);
    const reach = { egress: "none", outside: false, main: false };
    return containerShell(new Container(hands, newMarker), notebook, { reach });
  });
