/**
 * "Explain": the page of a rule beside the code, in VS Code's Markdown preview. It is the page of the installed version, and
 * needs no network: whoever trains on a cluster may have none.
 */
import { commands, type LogOutputChannel, Uri } from "vscode";
import type { ShowDocumentRequest } from "vscode-languageclient/node";

/** A rule's address, as its findings and the command line give it. */
const RULE_PAGE = /\/docs\/rules\/([a-z-]+\.md)$/;

/** Shows a rule's page from `extension`, and leaves all else, and a preview that is switched off, to VS Code. */
export function showingRulePages(extension: Uri, log: LogOutputChannel): ShowDocumentRequest.MiddlewareSignature {
  return async (params, token, next) => {
    const page = RULE_PAGE.exec(params.uri)?.[1];
    if (page === undefined) return next(params, token);
    try {
      await commands.executeCommand("markdown.showPreviewToSide", Uri.joinPath(extension, "docs", "rules", page));
      return { success: true };
    } catch (error) {
      log.warn(`${page} is shown in a browser instead: ${(error as Error).message}`);
      return next(params, token);
    }
  };
}
