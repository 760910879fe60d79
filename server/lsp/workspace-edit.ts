import type { WorkspaceEdit } from "vscode-languageserver";
import type { TextEdit } from "../analysis/index.ts";
import type { Client } from "./client.ts";
import type { View } from "./documents.ts";

/** One document's edits; names the version that they were worked out for, so that a client refuses them once it is stale. */
export function workspaceEdit(
  { uri, version, positions }: Pick<View, "uri" | "version" | "positions">,
  edits: readonly TextEdit[],
  client: Client,
): WorkspaceEdit {
  const encoded = edits.map((edit) => positions.edit(edit));
  if (!client.versionedEdits) return { changes: { [uri]: encoded } };
  return { documentChanges: [{ textDocument: { uri, version }, edits: encoded }] };
}
