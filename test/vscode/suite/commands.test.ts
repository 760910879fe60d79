import assert from "node:assert/strict";
import { commands, extensions, TabInputWebview, window } from "vscode";
import { activate, closeAll, EXTENSION, when } from "../editor.ts";

describe("commands", () => {
  before(activate);
  afterEach(closeAll);

  it("registers every command of the manifest, and no other", async () => {
    const declared: string[] = extensions
      .getExtension(EXTENSION)!
      .packageJSON.contributes.commands.map(({ command }: { command: string }) => command);
    const registered = (await commands.getCommands(true)).filter((name) => name.startsWith("gradsight."));
    // The view's own (`gradsight.runs.focus`, …) are VS Code's; `gradsight.explain` belongs to the language server.
    const ours = registered.filter((name) => !/^gradsight\.(runs|explain)\b/.test(name));
    assert.deepEqual(ours.sort(), declared.sort());
  });

  it("opens the dashboard in a panel, once", async () => {
    await commands.executeCommand("gradsight.openDashboard");
    await commands.executeCommand("gradsight.openDashboard");
    const panels = () =>
      window.tabGroups.all
        .flatMap(({ tabs }) => tabs)
        .filter(({ input }) => input instanceof TabInputWebview && input.viewType.endsWith("gradsight.dashboard"));
    await when(window.tabGroups.onDidChangeTabs, () => panels().length > 0);
    assert.equal(panels().length, 1);
  });
});
