/** Tells the language server, with the settings of a document, which interpreter was selected for it. */
import { Uri } from "vscode";
import type { CancellationToken, ConfigurationParams, LSPAny } from "vscode-languageclient/node";
import { selectedInterpreter } from "../python/interpreter.ts";

export async function withInterpreter(
  params: ConfigurationParams,
  token: CancellationToken,
  next: (params: ConfigurationParams, token: CancellationToken) => unknown,
): Promise<LSPAny[]> {
  const answers = (await next(params, token)) as LSPAny[];
  return Promise.all(
    params.items.map(async ({ section, scopeUri }, index) => {
      const answer = answers[index] as { python?: object } | null;
      const interpreter = section === "gradsight" && scopeUri ? await selectedInterpreter(Uri.parse(scopeUri)) : null;
      return interpreter === null ? (answer as LSPAny) : { ...answer, python: { ...answer?.python, interpreter } };
    }),
  );
}
