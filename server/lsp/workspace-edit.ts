import type { TextEdit as ProtocolEdit, TextDocumentEdit, WorkspaceEdit } from "vscode-languageserver";
import type { TextEdit } from "../analysis/index.ts";
import type { Client } from "./client.ts";
import type { Placing } from "./open-text.ts";

/** The edits of a module; names the versions that they were worked out for, so that a client refuses them once they are stale. */
export function workspaceEdit(
  placing: Pick<Placing, "place">,
  edits: readonly TextEdit[],
  client: Client,
): WorkspaceEdit {
  const changes: Record<string, ProtocolEdit[]> = {};
  const documentChanges: TextDocumentEdit[] = [];
  for (const { range: offsets, newText } of edits) {
    const { uri, version, range } = placing.place(offsets);
    let own = changes[uri];
    if (!own) {
      own = changes[uri] = [];
      documentChanges.push({ textDocument: { uri, version }, edits: own });
    }
    own.push({ range, newText });
  }
  return client.versionedEdits ? { documentChanges } : { changes };
}
