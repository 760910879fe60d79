import { LSPErrorCodes, ResponseError } from "vscode-languageserver";
import type { Client } from "./client.ts";
import type { Context } from "./context.ts";
import type { LintedDocument } from "./document.ts";
import { guarded } from "./guard.ts";
import type { Settings } from "./settings.ts";
import { workspaceEdit } from "./workspace-edit.ts";

/** What a code action without an edit carries, so that the edit can be worked out when the action is chosen. */
export function laterEdit({ uri, revision }: LintedDocument) {
  return { uri, revision };
}

/** Every fix of a script or notebook. */
export function wholeFileEdit(document: LintedDocument, { lint }: Settings, client: Client) {
  return workspaceEdit(document, document.module.fixAll("unsafe", lint).edits, client);
}

/** `codeAction/resolve` */
export function registerCodeActionResolve({ connection, documents, settings, client }: Context): void {
  connection.onCodeActionResolve((action) =>
    guarded(connection, "Code action", action, async () => {
      const { uri, revision } = action.data as ReturnType<typeof laterEdit>;
      const current = await settings.of(documents.fileOf(uri));
      const document = documents.get(uri);
      if (document?.revision !== revision) throw new ResponseError(LSPErrorCodes.ContentModified, "the text changed");
      return { ...action, edit: wholeFileEdit(document, current, client) };
    })(),
  );
}
