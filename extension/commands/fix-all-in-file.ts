/** "Fix All Clipping Problems in File": every fix of the active file or notebook as one edit, hence one undo. */
import { l10n, window, workspace } from "vscode";
import { FIX_ALL_METHOD, type FixAllParams, type FixAllResult } from "../../protocol/lsp.ts";
import { activeDocument, versionsOf } from "../active-document.ts";
import type { Requests } from "../language/requests.ts";

export async function fixAllInFile(server: Requests): Promise<void> {
  const document = activeDocument();
  if (!document) {
    void window.showInformationMessage(l10n.t("Open the Python file to fix first."));
    return;
  }
  const versions = versionsOf(document);
  // Asked for by name and undone in one step: fixes that change what the optimizer receives are meant, too.
  const params: FixAllParams = { uri: server.uri(document.uri), unsafe: true };
  const { edit, count } = await server.request<FixAllResult>(FIX_ALL_METHOD, params);
  if (count === 0) {
    void window.showInformationMessage(l10n.t("Nothing to fix: no clipping problem with a fix was found."));
    return;
  }
  const applied = versionsOf(document) === versions && (await workspace.applyEdit(await server.edit(edit)));
  const message = !applied
    ? l10n.t("The file was changed meanwhile. Nothing was fixed; please try again.")
    : count === 1
      ? l10n.t("Fixed 1 clipping problem.")
      : l10n.t("Fixed {0} clipping problems.", count);
  if (applied) window.setStatusBarMessage(`$(check) ${message}`, 8000);
  else void window.showWarningMessage(message);
}
