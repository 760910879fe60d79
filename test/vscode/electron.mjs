// The same suites in a desktop VS Code, for machines that have one or can download it:
//   npm run test:vscode:desktop                        downloads the minimum version that the manifest names
//   VSCODE=/path/to/code npm run test:vscode:desktop   uses that one
// Build the extension first: npm run build.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { runTests } from "@vscode/test-electron";
import { buildSuites } from "./build.mjs";

const root = resolve(import.meta.dirname, "../..");
const minimum = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).engines.vscode.replace(/^\D+/, "");
const scratch = mkdtempSync(join(tmpdir(), "gradsight-electron-"));
try {
  await runTests({
    ...(process.env.VSCODE ? { vscodeExecutablePath: process.env.VSCODE } : { version: minimum }),
    extensionDevelopmentPath: [
      root,
      ...["python-extension", "python-debugger"].map((name) => join(root, "test", "vscode", name)),
    ],
    extensionTestsPath: await buildSuites(),
    launchArgs: [
      scratch,
      "--disable-extensions",
      "--disable-workspace-trust",
      "--skip-welcome",
      `--user-data-dir=${join(scratch, ".user")}`,
    ],
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  if (!process.env.VSCODE)
    console.error("Where VS Code can't be downloaded, name an installed one: VSCODE=/path/to/code");
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
