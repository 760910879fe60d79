import type { Connection } from "vscode-languageserver";
import { registerCodeActions } from "./code-action.ts";
import { registerCodeActionResolve } from "./code-action-resolve.ts";
import { registerDiagnostics } from "./diagnostics.ts";
import { registerDidChange } from "./did-change.ts";
import { registerDidChangeWatchedFiles } from "./did-change-watched-files.ts";
import { registerDidChangeWorkspaceFolders } from "./did-change-workspace-folders.ts";
import { registerDidClose } from "./did-close.ts";
import { registerDidOpen } from "./did-open.ts";
import { registerExplain } from "./explain.ts";
import { registerFixAll } from "./fix-all.ts";
import type { Host } from "./host.ts";
import { registerHover } from "./hover.ts";
import { registerHub } from "./hub.ts";
import { registerInitialize } from "./initialize.ts";
import { registerInitialized } from "./initialized.ts";
import { registerNotebookDidChange } from "./notebook-did-change.ts";
import { registerNotebookDidClose } from "./notebook-did-close.ts";
import { registerNotebookDidOpen } from "./notebook-did-open.ts";
import { registerThresholdEdit } from "./threshold-edit.ts";

/** Serves one client on `connection` until it says good-bye. */
export function serve(connection: Connection, host: Host): void {
  registerInitialize(connection, host, (context) => {
    const diagnostics = registerDiagnostics(context);
    registerInitialized(context);
    const hub = registerHub(context, diagnostics.settingsChanged);
    registerDidOpen(context, (uri) => {
      diagnostics.changed(uri);
      hub.documentsChanged();
    });
    registerDidChange(context, diagnostics.changed);
    registerDidClose(context, (uri) => {
      diagnostics.closed(uri);
      hub.documentsChanged();
    });
    registerNotebookDidOpen(context, diagnostics, hub.documentsChanged);
    registerNotebookDidChange(context, diagnostics);
    registerNotebookDidClose(context, diagnostics, hub.documentsChanged);
    context.settings.register(diagnostics.settingsChanged);
    registerDidChangeWatchedFiles(context, diagnostics.settingsChanged);
    registerDidChangeWorkspaceFolders(context, diagnostics.settingsChanged);
    registerCodeActions(context);
    registerCodeActionResolve(context);
    registerHover(context);
    registerExplain(context);
    registerFixAll(context);
    registerThresholdEdit(context);
  });
  connection.listen();
}
