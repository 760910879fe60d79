import { type CancellationToken, LSPErrorCodes, ResponseError } from "vscode-languageserver";
import type { LintedDocument } from "./document.ts";

/** Of what waits in line behind a request, a client's cancellation, its next change and its next request come first. */
const TURNS = 4;

const { setImmediate } = globalThis as { setImmediate?: (run: () => void) => void };

/**
 * Lets messages that already wait in line go first: each is handled in a turn of the event loop. A timer, which a web worker
 * has nothing better than, takes a millisecond at least, and that at every keystroke.
 */
export async function afterOthers(): Promise<void> {
  if (!setImmediate) return new Promise((resolve) => setTimeout(resolve));
  for (let turn = 0; turn < TURNS; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/**
 * To be called when a request comes, and what it returns before the work: that lets the changes and cancellations which
 * already wait in line go first, so that nothing is worked out that nobody awaits any more, or for an older text.
 */
export function turn(document: LintedDocument | undefined, token: CancellationToken): () => Promise<void> {
  const revision = document?.revision;
  return async () => {
    await afterOthers();
    if (token.isCancellationRequested) throw new ResponseError(LSPErrorCodes.RequestCancelled, "cancelled");
    if (document?.revision !== revision) throw new ResponseError(LSPErrorCodes.ContentModified, "the text changed");
  };
}
