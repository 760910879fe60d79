import type { Connection } from "vscode-languageserver";
import type { ServerOptions } from "../../protocol/lsp.ts";
import type { Analyser } from "../analysis/index.ts";
import type { Client } from "./client.ts";
import type { Documents } from "./documents.ts";
import type { Host } from "./host.ts";
import type { ImportedModules } from "./imported-modules.ts";
import type { ObservedRuns } from "./observed-runs.ts";
import type { SettingsStore } from "./settings.ts";

/** What every feature gets. It exists from `initialize` on. */
export interface Context {
  readonly connection: Connection;
  readonly host: Host;
  readonly client: Client;
  readonly options: ServerOptions;
  readonly analyser: Pick<Analyser, "rules" | "open" | "openConfig">;
  readonly documents: Documents;
  readonly modules: ImportedModules;
  readonly runs: ObservedRuns;
  readonly settings: SettingsStore;
}
