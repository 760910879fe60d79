import assert from "node:assert/strict";
import { commands, type Hover, type TextDocument, window, workspace } from "vscode";
import {
  activate,
  closeAll,
  findings,
  quickFixes,
  rule,
  script,
  undo,
  untilFindings,
  when,
  withSetting,
} from "../editor.ts";
import { CLIPPED, PAIR, UNCLIPPED } from "../scripts.ts";

const found = (document: TextDocument) => untilFindings(document, (list) => list.length > 0);
const clean = (document: TextDocument) => untilFindings(document, (list) => list.length === 0);

describe("linting", () => {
  before(activate);
  afterEach(closeAll);

  it("underlines the update that no clipping reaches, with rule, page and related places", async () => {
    const document = await script("unclipped.py", UNCLIPPED);
    await found(document);
    const [finding, ...others] = findings(document);
    assert.deepEqual(others, []);
    assert.equal(rule(finding!), "missing-clipping");
    assert.match(document.getText(finding!.range), /optimizer\.step/);
    const code = finding!.code as { target: { scheme: string; path: string } };
    assert.equal(code.target.scheme, "https");
    assert.match(code.target.path, /missing-clipping/);
    assert.ok((finding!.relatedInformation ?? []).length > 0);
  });

  it("offers a fix that makes the finding go away, and one undo brings the text back", async () => {
    const document = await script("fix.py", UNCLIPPED);
    await found(document);
    const actions = await quickFixes(document);
    const fix = actions.find(({ title, edit }) => edit && /^Clip the gradients/.test(title));
    assert.ok(fix?.edit, `no fix among ${actions.map(({ title }) => title).join(", ")}`);
    assert.ok(await workspace.applyEdit(fix.edit));
    await clean(document);
    assert.match(
      document.getText(),
      /loss\.backward\(\)\n {4}nn\.utils\.clip_grad_norm_\(model\.parameters\(\), max_norm=.*\)\n {4}optimizer\.step\(\)/,
    );
    await undo(document);
    assert.equal(document.getText(), UNCLIPPED);
    await found(document);
  });

  it("fixes a whole file by command, as one undo step", async () => {
    const document = await script("pair.py", PAIR);
    await untilFindings(document, (list) => list.length === 2);
    await commands.executeCommand("gradsight.fixAllInFile");
    await clean(document);
    assert.equal(document.getText().match(/clip_grad_norm_\(/g)?.length, 2);
    await undo(document);
    assert.equal(document.getText(), PAIR);
  });

  it("explains the update on hover", async () => {
    const document = await script("hover.py", UNCLIPPED);
    await found(document);
    const hovers = await commands.executeCommand<Hover[]>(
      "vscode.executeHoverProvider",
      document.uri,
      findings(document)[0]!.range.start,
    );
    const text = hovers
      .flatMap(({ contents }) => contents.map((c) => (typeof c === "string" ? c : c.value)))
      .join("\n");
    assert.match(text, /clip/i);
  });

  it("explains a rule beside the code, without a browser", async () => {
    const document = await script("explained.py", UNCLIPPED);
    await found(document);
    const actions = await quickFixes(document);
    const { command } = actions.find(({ title }) => title === "Explain missing-clipping")!;
    const shown = () =>
      window.tabGroups.all.flatMap(({ tabs }) => tabs).some(({ label }) => /missing-clipping\.md/.test(label));
    await commands.executeCommand(command!.command, ...command!.arguments!);
    await when(window.tabGroups.onDidChangeTabs, shown);
  });

  it("follows edits, and is silent about a script that clips", async () => {
    const document = await script("edits.py", CLIPPED);
    const editor = window.activeTextEditor!;
    await clean(document);
    const line = document
      .getText()
      .split("\n")
      .findIndex((text) => text.includes("clip_grad_norm_"));
    await editor.edit((edit) => edit.delete(document.lineAt(line).rangeIncludingLineBreak));
    await found(document);
    await undo(document);
    await clean(document);
  });

  it("is switched off and on by a setting, without a reload", async () => {
    const document = await script("switched.py", UNCLIPPED);
    await found(document);
    await withSetting("lint.enable", false, () => clean(document));
    await found(document);
  });

  it("takes the severity of a rule from the settings", async () => {
    const document = await script("severity.py", UNCLIPPED);
    await found(document);
    await withSetting("lint.severity", { "missing-clipping": "error" }, () =>
      untilFindings(document, (list) => list[0]?.severity === 0),
    );
    await withSetting("lint.severity", { "missing-clipping": "off" }, () => clean(document));
    await found(document);
  });
});
