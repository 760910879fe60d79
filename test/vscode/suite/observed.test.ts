import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { type CodeAction, commands, DiagnosticSeverity, extensions, workspace } from "vscode";
import type { TestApi } from "../../../extension/test-api.ts";
import { EXPLODING_TRAINING } from "../../host/exploding-training.ts";
import { activate, closeAll, EXTENSION, findings, script, untilFindings, when, withSetting } from "../editor.ts";

/** Asked without holding up the extension host, whose connection would be given up. */
async function pythonWithTorch(): Promise<string | undefined> {
  const root = extensions.getExtension(EXTENSION)!.extensionPath;
  for (const python of [process.env.GRADSIGHT_TEST_PYTHON, join(root, ".venv", "bin", "python")]) {
    if (!python) continue;
    const imported = promisify(execFile)(python, ["-c", "import torch"]);
    if (await imported.then(() => true).catch(() => false)) return python;
  }
  return undefined;
}

describe("a script whose run exploded", () => {
  let api: TestApi;
  before(async () => {
    api = await activate();
  });
  afterEach(closeAll);

  it("says so at the update, and takes the run's threshold", async function () {
    this.timeout(240_000); // PyTorch is imported twice
    const python = await pythonWithTorch();
    if (!python) this.skip();
    const document = await script("explodes.py", EXPLODING_TRAINING);
    await untilFindings(document, ([one]) => one?.severity === DiagnosticSeverity.Information);
    await withSetting("python.interpreter", python, async () => {
      await commands.executeCommand("gradsight.runWithTelemetry");
      const find = () => api.hub.runs.find((one) => one.script === document.uri.fsPath);
      await when(api.hub.onDidChangeRuns, () => find()?.status === "finished");
    });
    await untilFindings(document, ([one]) => one?.severity === DiagnosticSeverity.Warning);
    const [finding] = findings(document);
    assert.match(finding!.message, / A run on \d+ \w+ exploded here after step 1\d\d: the norm rose from a median of /);

    const actions = await commands.executeCommand<CodeAction[]>(
      "vscode.executeCodeActionProvider",
      document.uri,
      finding!.range,
    );
    const show = actions.find(({ title }) => title.startsWith("Show the run on "));
    assert.equal(show?.command?.command, "gradsight.openRun");
    const fix = actions.find(({ title }) =>
      /^Clip the gradients to a norm of [\d.]+, as the run on .* suggests$/.test(title),
    );
    assert.ok(fix?.edit, `no fix among ${actions.map(({ title }) => title).join(", ")}`);
    assert.ok(await workspace.applyEdit(fix.edit));
    await untilFindings(document, (found) => found.length === 0);
    assert.match(
      document.getText(),
      /clip_grad_norm_\(model\.parameters\(\), max_norm=[\d.]+\)\n {4}optimizer\.step\(\)/,
    );
  });
});
