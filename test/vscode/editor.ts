/** What the suites do in VS Code, with waits for what happens and never for a time. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { commands, extensions, type TextDocument, Uri, window, workspace } from "vscode";
import type { TestApi } from "../../extension/test-api.ts";

export * from "./findings.ts";

export const EXTENSION = "gradsight.gradsight";

export async function activate(): Promise<TestApi> {
  const extension = extensions.getExtension<TestApi>(EXTENSION);
  if (!extension) throw new Error(`${EXTENSION} is not installed`);
  // VS Code in a browser saves after a second by itself; what is asked about unsaved text must not depend on that.
  await workspace.getConfiguration("files").update("autoSave", "off", false);
  return extension.activate();
}

/** The folder that VS Code has open. */
export function folder(): Uri {
  const [first] = workspace.workspaceFolders ?? [];
  if (!first) throw new Error("the suites need an open folder");
  return first.uri;
}

/** Writes a script into the open folder and shows it. */
export async function script(name: string, text: string): Promise<TextDocument> {
  const path = join(folder().fsPath, name);
  await writeFile(path, text);
  const document = await workspace.openTextDocument(Uri.file(path));
  await window.showTextDocument(document, { preview: false });
  return document;
}

export async function undo(document: TextDocument): Promise<void> {
  await window.showTextDocument(document);
  await commands.executeCommand("undo");
}

/** Leaves nothing of a test on the screen, nor unsaved. */
export async function closeAll(): Promise<void> {
  await commands.executeCommand("workbench.action.closeAllEditors");
}

/** Sets a setting of the folder for the time of `body`. */
export async function withSetting(name: string, value: unknown, body: () => Promise<void>): Promise<void> {
  const configuration = workspace.getConfiguration("gradsight", folder());
  await configuration.update(name, value, false);
  try {
    await body();
  } finally {
    await configuration.update(name, undefined, false);
  }
}
