// `npm run test:web`: the suite of test/web inside the web extension host of a real VS Code for the Web, in Chromium.
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openBrowser } from "../../test/host/browser.ts";
import { runInPage } from "../../test/host/suites.ts";
import { startWebHost } from "../../test/host/web-host.ts";
import { buildWebSuite } from "../../test/web/build.mjs";
import { endOnSignals, stopAll } from "../programs.mjs";
import { say } from "../progress.mjs";
import { OUT, ROOT } from "../setup/paths.mjs";
import { setUpVscodeServer } from "../setup/vscode-server.mjs";

const { values } = parseArgs({ options: { report: { type: "string", default: join(OUT, "test", "web.json") } } });
endOnSignals();

await setUpVscodeServer();
const entry = await buildWebSuite();
const log = join(OUT, "test", "web-host.log");
rmSync(values.report, { force: true }); // an earlier run's report must not pass for this one's
rmSync(log, { force: true });
mkdirSync(join(OUT, "test"), { recursive: true });
const host = await startWebHost({ extension: ROOT, entry, folder: { scheme: "memfs", path: "/project" } });
let passed = false;
try {
  const browser = await openBrowser();
  passed = await runInPage(host.address, {
    browser,
    onLog,
    screenshot: join(OUT, "test", "web.png"),
  });
  await browser.close();
} finally {
  await host.stop();
  await stopAll();
}
process.exit(passed ? 0 : 1);

/** The suite's lines to the screen; those of the workbench, which misses its server here and there, to a log. */
function onLog(line) {
  if (line.startsWith('{"stats":')) writeFileSync(values.report, line);
  else if (/^ {2}[✔✖]|^The suites/.test(line)) say(line);
  else appendFileSync(log, `${line}\n`);
}
