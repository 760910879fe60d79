import { LSPErrorCodes, ResponseError } from "vscode-languageserver";
import type { Client } from "./client.ts";
import type { Context } from "./context.ts";
import type { OpenDocument } from "./document.ts";
import { guarded } from "./guard.ts";
import type { Settings } from "./settings.ts";
import { workspaceEdit } from "./workspace-edit.ts";

/** What a code action without an edit carries, so that the edit can be worked out when the action is chosen. */
export function laterEdit({ uri, version }: OpenDocument) {
  return { uri, version };
}

/** Every fix of a document. */
export function wholeFileEdit(document: OpenDocument, { lint }: Settings, client: Client) {
  return workspaceEdit(document, document.module.fixAll("unsafe", lint).edits, client);
}

/** `codeAction/resolve` */
export function registerCodeActionResolve({ connection, documents, settings, client }: Context): void {
  connection.onCodeActionResolve((action) =>
    guarded(connection, "Code action", action, async () => {
      const { uri, version } = action.data as ReturnType<typeof laterEdit>;
      const current = await settings.of(uri);
      const document = documents.get(uri);
      if (document?.version !== version) throw new ResponseError(LSPErrorCodes.ContentModified, "the text changed");
      return { ...action, edit: wholeFileEdit(document, current, client) };
    })(),
  );
}
