/** What the language server is told of. */
import type { LanguageClientOptions } from "vscode-languageclient";

/** Python, and what configures a training. */
const LANGUAGES = ["python", "json", "jsonc", "yaml"];
/** `git:` and other read-only schemes are left out: the old side of a diff is not to be linted. */
export const SCHEMES: readonly string[] = ["file", "untitled", "vscode-vfs"];

export function lintedDocuments(
  schemes: readonly string[],
): Required<Pick<LanguageClientOptions, "documentSelector" | "notebookDocumentOptions">> {
  return {
    documentSelector: schemes.flatMap((scheme) => [
      ...LANGUAGES.map((language) => ({ scheme, language })),
      { notebook: { notebookType: "jupyter-notebook", scheme }, language: "python" },
    ]),
    notebookDocumentOptions: {
      filterCells: (notebook, cells) => (schemes.includes(notebook.uri.scheme) ? cells : []),
    },
  };
}
