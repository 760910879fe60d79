/** What VS Code calls inside its web extension host: `run`. */
import { commands, env, extensions, type Hover, type TextDocument, UIKind, window, workspace } from "vscode";
import { findings, quickFixes, rule, untilFindings } from "../vscode/findings.ts";
import { CLIPPED, UNCLIPPED } from "../vscode/scripts.ts";
import { MemoryFiles } from "./memory-files.ts";
import { equal, ok, Suite } from "./suite.ts";

const files = new MemoryFiles();
const found = (document: TextDocument) => untilFindings(document, (list) => list.length > 0);
const clean = (document: TextDocument) => untilFindings(document, (list) => list.length === 0);

async function open(path: string, text: string): Promise<TextDocument> {
  files.write(path, text);
  const document = await workspace.openTextDocument(files.uri(path));
  await window.showTextDocument(document, { preview: false });
  return document;
}

const suite = new Suite();

suite.it("runs the extension in a worker, without Node", () => {
  const extension = extensions.getExtension("gradsight.gradsight");
  equal(env.uiKind, UIKind.Web);
  equal(env.remoteName, undefined);
  equal(extension?.extensionUri.scheme, "http");
  ok(typeof process === "undefined" || !process.versions?.node, "there is no Node");
});

suite.it("underlines the update that no clipping reaches, also in a script that was never saved", async () => {
  const document = await open("/project/unclipped.py", UNCLIPPED);
  await found(document);
  const list = findings(document);
  equal(list.map(rule), ["missing-clipping"]);
  ok(/optimizer\.step/.test(document.getText(list[0]!.range)), "it stands at the update");
  const unsaved = await workspace.openTextDocument({ language: "python", content: UNCLIPPED });
  await window.showTextDocument(unsaved);
  await found(unsaved);
});

suite.it("fixes it from the light bulb, and a whole file by command", async () => {
  const document = await open("/project/fix.py", UNCLIPPED);
  await found(document);
  const actions = await quickFixes(document);
  const fix = actions.find(({ title, edit }) => edit && /^Clip the gradients/.test(title));
  ok(fix?.edit && (await workspace.applyEdit(fix.edit)), "there is a fix");
  await clean(document);
  await commands.executeCommand("undo");
  equal(document.getText(), UNCLIPPED);
  await found(document);
  await commands.executeCommand("gradsight.fixAllInFile");
  await clean(document);
  equal(document.getText().match(/clip_grad_norm_\(/g)?.length, 1);
});

suite.it("explains a clip on hover", async () => {
  const document = await open("/project/hover.py", CLIPPED);
  const line = document
    .getText()
    .split("\n")
    .findIndex((text) => text.includes("clip_grad_norm_"));
  const at = document.lineAt(line).range.start.translate(0, 20);
  let hovers: Hover[] = [];
  while (hovers.length === 0)
    hovers = await commands.executeCommand<Hover[]>("vscode.executeHoverProvider", document.uri, at);
  const text = hovers.flatMap(({ contents }) => contents.map((c) => (typeof c === "string" ? c : c.value))).join("\n");
  ok(/Gradient clipping by norm/.test(text), text);
});

suite.it("reads pyproject.toml from wherever the folder comes from, and again when it changes", async () => {
  files.write("/project/strict/pyproject.toml", '[tool.gradsight.severity]\n"missing-clipping" = "error"\n');
  const document = await open("/project/strict/models/train.py", UNCLIPPED);
  await untilFindings(document, (list) => list[0]?.severity === 0);
  files.write("/project/strict/pyproject.toml", '[tool.gradsight]\nexclude = ["models/"]\n');
  await clean(document);
});

suite.it("lints on after a restart of the server", async () => {
  const document = await open("/project/again.py", UNCLIPPED);
  await found(document);
  await commands.executeCommand("gradsight.restartServer");
  await found(document);
});

suite.it("has the commands for runs, which say what they need", async () => {
  // They resolve at once; what would run something has nothing to run it with.
  for (const name of ["runWithTelemetry", "openDashboard"]) await commands.executeCommand(`gradsight.${name}`);
});

export function run(): Promise<void> {
  files.register();
  return suite.run();
}
