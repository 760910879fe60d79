import type { Uri, WorkspaceEdit } from "vscode";

/** Our own requests to the language server, wherever it runs. */
export interface Requests {
  /** @throws when the server is stopped or answers with an error */
  request<Result>(method: string, params?: object): Promise<Result>;
  uri(uri: Uri): string;
  /** @param edit an LSP WorkspaceEdit */
  edit(edit: unknown): Promise<WorkspaceEdit>;
}
