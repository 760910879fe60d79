/** The arguments for a script: from the setting, or asked for once a window and remembered. */
import { l10n, type Memento, type Uri, window, workspace } from "vscode";
import { joinArguments, splitArguments } from "./command-line.ts";

export class ScriptArguments {
  private readonly memory: Memento;
  private readonly asked = new Map<string, string[]>();

  /** @param memory where the last answer is kept, to be offered again */
  constructor(memory: Memento) {
    this.memory = memory;
  }

  /** Null when the user cancelled. */
  async of(script: Uri): Promise<string[] | null> {
    const setting = workspace.getConfiguration("gradsight", script).get<unknown>("run.arguments", []);
    if (Array.isArray(setting)) return setting.map(String);
    if (setting !== "ask") return splitArguments(String(setting));
    const key = `arguments:${script.toString()}`;
    const known = this.asked.get(key);
    if (known) return known;
    const answer = await window.showInputBox({
      title: l10n.t("Arguments for {0}", workspace.asRelativePath(script)),
      prompt: l10n.t("As in a shell; quotes keep words together. They are kept until the window is closed."),
      value: joinArguments(this.memory.get<string[]>(key, [])),
      ignoreFocusOut: true,
    });
    if (answer === undefined) return null;
    const args = splitArguments(answer);
    this.asked.set(key, args);
    await this.memory.update(key, args);
    return args;
  }
}
