import { join } from "node:path";
import { parseArgs } from "node:util";
import { packageExtension, VSIX } from "../package/pack.mjs";
import { endOnSignals, stopAll } from "../programs.mjs";
import { bold, dim, explain, say, step } from "../progress.mjs";
import { setUpBrowser } from "../setup/browser.mjs";
import { SETUP_LOCK } from "../setup/hand-over.mjs";
import { withLock } from "../setup/lock.mjs";
import { OUT } from "../setup/paths.mjs";
import { setUpVscodeServer } from "../setup/vscode-server.mjs";
import { vendor } from "../vendor.mjs";
import { findDesktop, openDesktop } from "./desktop.mjs";
import { chooseExample } from "./example.mjs";
import { openWeb } from "./web.mjs";

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
endOnSignals(values.check ? 130 : 0); // Ctrl-C is how a session is meant to end
try {
  await (values.check ? check() : start());
} catch (error) {
  explain(error);
  process.exitCode = 1;
}
await stopAll();
process.exit();

async function start() {
  const example = chooseExample();
  const desktop = findDesktop();
  await setUp(async () => {
    if (!desktop) await setUpVscodeServer();
    await build("start");
  });
  const { ended } = desktop ? await openDesktop(desktop, example) : await openWeb(VSIX, example);
  say(`${bold(example.script)} starts to train in VS Code's terminal once the window is open (${example.reason}).`);
  say("Its dashboard opens by itself; press the light bulb where a script is underlined.");
  say(dim("Ctrl-C ends it all."));
  await ended;
}

async function check() {
  const example = chooseExample();
  await setUp(async () => {
    await setUpBrowser();
    await setUpVscodeServer();
    await build("check");
  });
  const { checkLoop } = await import("../../test/loop/check.ts");
  await checkLoop(VSIX, example);
}

function setUp(work) {
  return withLock(SETUP_LOCK, work, say);
}

async function build(command) {
  await vendor();
  await step("Build and package", (note) => packageExtension(join(OUT, command, "package.log"), note));
}
