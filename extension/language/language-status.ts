/** What the language status (the braces beside the language's name) says of linting, with a way out where it is off. */
import { type Disposable, type Event, LanguageStatusSeverity, l10n, languages } from "vscode";
import { SCHEMES } from "./documents.ts";

export type ServerState = "starting" | "running" | "stopped";

export interface Stateful {
  readonly state: ServerState;
  readonly onDidChangeState: Event<ServerState>;
}

/** @param detail what there is to know besides the state */
export function languageStatus(server: Stateful, schemes = SCHEMES, detail = ""): Disposable {
  const selector = schemes.map((scheme) => ({ scheme, language: "python" }));
  const item = languages.createLanguageStatusItem("gradsight", selector);
  item.name = "Gradsight";
  const update = () => {
    const stopped = server.state === "stopped";
    item.busy = server.state === "starting";
    item.severity = stopped ? LanguageStatusSeverity.Error : LanguageStatusSeverity.Information;
    item.text = stopped ? l10n.t("Gradsight: not linting") : "Gradsight";
    item.detail = stopped ? l10n.t("The language server is not running.") : detail;
    item.command = stopped
      ? { command: "gradsight.restartServer", title: l10n.t("Restart") }
      : { command: "gradsight.showLog", title: l10n.t("Show Log") };
  };
  update();
  const following = server.onDidChangeState(update);
  return {
    dispose() {
      following.dispose();
      item.dispose();
    },
  };
}
