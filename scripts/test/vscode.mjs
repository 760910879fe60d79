// `npm run test:vscode`: the suites of test/vscode inside the extension host of a real VS Code, the web server that needs
// no desktop. (In a desktop VS Code: test/vscode/electron.mjs.)
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openBrowser } from "../../test/host/browser.ts";
import { pythonThatRuns } from "../../test/host/python.ts";
import { runSuites } from "../../test/host/suites.ts";
import { startVscodeHost } from "../../test/host/vscode-host.ts";
import { buildSuites } from "../../test/vscode/build.mjs";
import { endOnSignals, stopAll } from "../programs.mjs";
import { say } from "../progress.mjs";
import { scratchFolder } from "../scratch.mjs";
import { OUT, ROOT } from "../setup/paths.mjs";
import { setUpVscodeServer } from "../setup/vscode-server.mjs";

const { values } = parseArgs({ options: { report: { type: "string", default: join(OUT, "test", "vscode.json") } } });
endOnSignals();

await setUpVscodeServer();
const entry = await buildSuites();
rmSync(values.report, { force: true }); // an earlier run's report must not pass for this one's
mkdirSync(join(OUT, "test"), { recursive: true });
const scratch = scratchFolder("vscode");
const workspace = join(scratch, "workspace");
mkdirSync(workspace);
let passed = false;
try {
  const host = await startVscodeHost({
    dataFolder: join(scratch, "data"),
    log: join(OUT, "test", "vscode-server.log"),
    env: {
      GRADSIGHT_SUITE_REPORT: values.report,
      GRADSIGHT_DEBUGGING_PYTHON: pythonThatRuns("import debugpy") ?? "",
      GRADSIGHT_TORCH_PYTHON: pythonThatRuns("import torch") ?? "",
      GRADSIGHT_STATE: join(scratch, "state"),
    },
  });
  const browser = await openBrowser();
  const screenshot = join(OUT, "test", "vscode.png");
  const extensions = [
    ROOT,
    ...["python-extension", "python-debugger"].map((name) => join(ROOT, "test", "vscode", name)),
  ];
  passed = await runSuites({ browser, host, extensions, entry, workspace, onLog: say, screenshot });
  await browser.close();
} finally {
  await stopAll();
}
process.exit(passed ? 0 : 1);
