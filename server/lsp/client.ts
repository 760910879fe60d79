import type { InitializeParams } from "vscode-languageserver";
import type { PositionEncoding } from "../text/positions.ts";

/** What the client can do, as far as we behave differently for it. */
export interface Client {
  readonly positionEncoding: PositionEncoding;
  /** Asks for diagnostics itself (`textDocument/diagnostic`); any other client gets them pushed. */
  readonly pullsDiagnostics: boolean;
  readonly refreshesDiagnostics: boolean;
  readonly versionedEdits: boolean;
  /** Can show an edit, and ask, before it is applied. */
  readonly annotatesEdits: boolean;
  readonly configuration: boolean;
  readonly registersConfiguration: boolean;
  readonly registersWatchedFiles: boolean;
  /** The URIs of the folders that are open. */
  readonly folders: readonly string[];
  /** Lets the edit of a code action be worked out when it is chosen. */
  readonly resolvesCodeActions: boolean;
  /** Can open a web page for us. */
  readonly showsDocuments: boolean;
}

const ENCODINGS: readonly string[] = ["utf-8", "utf-16", "utf-32"] satisfies PositionEncoding[];

export function clientOf({ capabilities, rootUri, workspaceFolders }: InitializeParams): Client {
  const { general, textDocument, window, workspace } = capabilities;
  return {
    // Clients list encodings by preference; UTF-16 is what LSP falls back to.
    positionEncoding: (general?.positionEncodings?.find((encoding) => ENCODINGS.includes(encoding)) ??
      "utf-16") as PositionEncoding,
    pullsDiagnostics: textDocument?.diagnostic !== undefined,
    refreshesDiagnostics: workspace?.diagnostics?.refreshSupport === true,
    versionedEdits: workspace?.workspaceEdit?.documentChanges === true,
    annotatesEdits:
      workspace?.workspaceEdit?.documentChanges === true &&
      workspace.workspaceEdit.changeAnnotationSupport !== undefined,
    configuration: workspace?.configuration === true,
    registersConfiguration: workspace?.didChangeConfiguration?.dynamicRegistration === true,
    registersWatchedFiles: workspace?.didChangeWatchedFiles?.dynamicRegistration === true,
    folders: workspaceFolders?.map(({ uri }) => uri) ?? (rootUri ? [rootUri] : []),
    resolvesCodeActions: textDocument?.codeAction?.resolveSupport?.properties.includes("edit") === true,
    showsDocuments: window?.showDocument?.support === true,
  };
}
