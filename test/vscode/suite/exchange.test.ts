import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { commands, extensions, type ThemeIcon, Uri } from "vscode";
import type { TestApi } from "../../../extension/test-api.ts";
import { activate, closeAll, EXTENSION, folder, when } from "../editor.ts";

/** A log as another program wrote it. */
const fixture = (name: string) =>
  Uri.file(join(extensions.getExtension(EXTENSION)!.extensionPath, "test", "exchange", "fixtures", name));

describe("runs from files and into files", () => {
  let api: TestApi;
  before(async () => {
    api = await activate();
  });
  afterEach(closeAll);

  const find = (file: Uri) => api.hub.runs.find(({ source }) => source?.file === file.fsPath);

  /** Imports a file as the explorer's menu does, and waits for its run. */
  async function imported(name: string) {
    const file = fixture(name);
    await commands.executeCommand("gradsight.importRuns", file, [file]);
    await when(api.hub.onDidChangeRuns, () => find(file) !== undefined);
    return find(file)!;
  }

  it("imports a trainer_state.json that was never instrumented, with advice, and opens it", async () => {
    const run = await imported("trainer_state.json");
    assert.equal(run.steps, 40);
    assert.ok(api.dashboard.isOpen);
    const detail = await api.hub.run(run.id);
    assert.notEqual(detail.series[0]!.advice.verdict, "too-few-steps");
    assert.equal(detail.series[0]!.advice.evidence.steps, 40);
    const listed = (await api.runs.getChildren()).find(({ id }) => id === run.id)!;
    const item = api.runs.getTreeItem(listed);
    assert.match(String(item.description), /40 steps .* imported/);
    assert.equal((item.iconPath as ThemeIcon).id, "archive");
    const before = api.hub.runs.length;
    await commands.executeCommand("gradsight.importRuns", fixture("trainer_state.json"));
    assert.equal((await api.hub.refresh()).length, before);
  });

  it("imports the log that lies somewhere in a folder", async () => {
    const chosen = Uri.joinPath(folder(), "lightning_logs");
    const file = Uri.joinPath(chosen, "version_0", "metrics.csv");
    await mkdir(Uri.joinPath(chosen, "version_0").fsPath, { recursive: true });
    await writeFile(file.fsPath, "step,grad_norm\n0,1.5\n1,1.25\n2,1.75\n");
    await commands.executeCommand("gradsight.importRuns", chosen);
    await when(api.hub.onDidChangeRuns, () => find(file) !== undefined);
    assert.equal(find(file)!.steps, 3);
  });

  it("exports a run to the file that it was told", async () => {
    const { id } = await imported("metrics.csv");
    const file = join(folder().fsPath, "exported.csv");
    const shares: number[] = [];
    const job = { token: { isCancellationRequested: false, onCancellationRequested: () => ({ dispose() {} }) } };
    await api.hub.job("export", { run: id, format: "csv", file }, { ...job, onProgress: (done) => shares.push(done) });
    const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
    assert.equal(lines.length, 49);
    assert.match(lines[0]!, /^rank,attempt,series,step,time,norm_pre,loss,lr,/);
    assert.ok(shares.length > 0);
    assert.ok((await readdir(folder().fsPath)).every((name) => !name.endsWith(".partial")));
  });

  it("stars a run from the view, and shows those of a tag alone", async () => {
    const run = await imported("run.wandb");
    const shown = () => find(fixture("run.wandb"))!;
    await commands.executeCommand("gradsight.starRun", run);
    await when(api.hub.onDidChangeRuns, () => shown().starred);
    await api.hub.request("tag", { run: run.id, tags: ["baseline"] });
    await when(api.hub.onDidChangeRuns, () => shown().tags.length === 1);
    const item = api.runs.getTreeItem(shown());
    assert.match(String(item.description), /^★ 40 steps .* baseline$/);
    assert.equal(item.contextValue, "run.ended.starred");
    api.runs.filter = { tag: "baseline" };
    assert.deepEqual(
      (await api.runs.getChildren()).map(({ id }) => id),
      [run.id],
    );
    await api.hub.request("delete", { run: run.id });
    await when(api.hub.onDidChangeRuns, () => shown() === undefined);
    // Nothing of the tag is left: the view shows all again.
    await api.runs.getChildren();
    assert.equal(api.runs.filter, null);
    await commands.executeCommand("gradsight.clearRunsFilter");
  });
});
