import { afterAll, describe, expect, test } from "vitest";
import type { Notebook } from "../../../agent/notebook.ts";
import type { Shell } from "../../../agent/shell.ts";
import { Container } from "../../../sandbox/container.ts";
import { containerShell } from "../../../sandbox/container-shell.ts";
import { embeddedShell } from "../../../sandbox/embedded.ts";
import type { Hands } from "../../../sandbox/hands.ts";
import { DockerHands, whyNoDocker } from "../../peers/docker-hands.ts";
import { LocalHands, newMarker } from "../../peers/local-hands.ts";
import { whyNoHands } from "../../peers/machine.ts";
import { memoryNotebook } from "../tools/memory-notebook.ts";
import { exec, shellContract } from "./shell-contract.ts";

const opened: Hands[] = [];
afterAll(() => Promise.all(opened.map((hands) => hands.end())), 60_000);

const shellOn = (hands: Hands) => {
  opened.push(hands);
  const container = new Container(hands, newMarker);
  const reach = { egress: "none", outside: false, main: false };
  return (notebook: Notebook): Shell => containerShell(container, notebook, { reach });
};

shellContract("the embedded shell", (notebook) => embeddedShell(notebook));

const lacking = whyNoHands();
if (lacking) test.skip(`the container's code keeps the shell's contract: ${lacking}`, () => {});
else shellContract("the container's code", (notebook) => shellOn(new LocalHands())(notebook));

const undocked = whyNoDocker();
if (undocked) test.skip(`a container of Docker keeps the shell's contract: ${undocked}`, () => {});
else {
  shellContract("a container of Docker", (notebook) => shellOn(new DockerHands())(notebook));

  describe("a container of Docker", () => {
    test("holds no key: not in the environment, nor in processes, nor in files that commands can read", async () => {
      const canary = `canary-${newMarker()}`;
      process.env.OPENAI_API_KEY = canary;
      const shell = shellOn(new DockerHands())(memoryNotebook());
      const look = "id -u; env; cat /proc/*/environ | tr '\\0' '\\n'; ls -A /var/lib/nanoflare";
      const { stdout, stderr } = await exec(
        shell,
        `{ ${look}; } 2>&1; grep -rls ${canary} /etc /home /opt /root /run /tmp /var`,
      );
      delete process.env.OPENAI_API_KEY;
      expect(stdout + stderr).toMatch(/^1000\n/);
      expect(stdout + stderr).not.toMatch(/canary-|_KEY=|_TOKEN=|_SECRET=/);
      expect(stdout).toMatch(/nanoflare': Permission denied/);
    });

    test("ends what a command leaves behind, and starts again empty when it died", async () => {
      const hands = new DockerHands();
      const shell = shellOn(hands)(memoryNotebook({ "/workspace/group/a.md": "a" }));
      await exec(shell, "setsid sleep 31.25 & touch ../left");
      expect((await exec(shell, "cat /proc/*/cmdline | tr '\\0' ' '; ls ..")).stdout).toMatch(
        /^(?!.*31\.25)[\s\S]*left/,
      );
      await hands.end();
      expect(await exec(shell, "cat a.md; ls ..")).toMatchObject({
        stdout: expect.not.stringContaining("left"),
      });
    });
  });
}
