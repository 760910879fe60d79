import { commands, type ExtensionContext } from "vscode";

export function openWalkthrough({ extension }: ExtensionContext): Thenable<unknown> {
  return commands.executeCommand("workbench.action.openWalkthrough", `${extension.id}#loop`, false);
}
