import type {
  AnnotatedTextEdit,
  TextEdit as ProtocolEdit,
  TextDocumentEdit,
  WorkspaceEdit,
} from "vscode-languageserver";
import type { TextEdit } from "../analysis/index.ts";
import type { Client } from "./client.ts";
import type { Placing } from "./open-text.ts";

const CONFIRM = "confirm";

/**
 * The edits of a module; names the versions that they were worked out for, so that a client refuses them once they are stale.
 * `confirm`: what the client shows beside them and asks before it applies them, where it can.
 */
export function workspaceEdit(
  placing: Pick<Placing, "place">,
  edits: readonly TextEdit[],
  client: Client,
  confirm: { readonly label: string; readonly description: string } | null = null,
): WorkspaceEdit {
  const asks = confirm !== null && client.annotatesEdits;
  const changes: Record<string, (ProtocolEdit | AnnotatedTextEdit)[]> = {};
  const documentChanges: TextDocumentEdit[] = [];
  for (const { range: offsets, newText } of edits) {
    const { uri, version, range } = placing.place(offsets);
    let own = changes[uri];
    if (!own) {
      own = changes[uri] = [];
      documentChanges.push({ textDocument: { uri, version }, edits: own });
    }
    own.push(asks ? { range, newText, annotationId: CONFIRM } : { range, newText });
  }
  if (!client.versionedEdits) return { changes };
  return asks
    ? { documentChanges, changeAnnotations: { [CONFIRM]: { ...confirm, needsConfirmation: true } } }
    : { documentChanges };
}
