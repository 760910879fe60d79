import { type CancellationToken, LSPErrorCodes, ResponseError } from "vscode-languageserver";
import type { LintedDocument } from "./document.ts";

/**
 * To be called when a request comes, and what it returns before the work: that lets the changes and cancellations which
 * already wait in line go first, so that nothing is worked out that nobody awaits any more, or for an older text.
 */
export function turn(document: LintedDocument | undefined, token: CancellationToken): () => Promise<void> {
  const revision = document?.revision;
  return async () => {
    await new Promise((resolve) => setTimeout(resolve));
    if (token.isCancellationRequested) throw new ResponseError(LSPErrorCodes.RequestCancelled, "cancelled");
    if (document?.revision !== revision) throw new ResponseError(LSPErrorCodes.ContentModified, "the text changed");
  };
}
