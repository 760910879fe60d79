import type { CodeAction, Diagnostic } from "vscode-languageserver";
import type { Context } from "./context.ts";
import { guarded } from "./guard.ts";

/** `workspace/executeCommand`: opens the page of the rule that is its one argument. */
export const EXPLAIN_COMMAND = "gradsight.explainRule";

export function explainAction(diagnostic: Diagnostic): CodeAction {
  const rule = String(diagnostic.code);
  return {
    title: `Explain ${rule}`,
    kind: "quickfix",
    diagnostics: [diagnostic],
    command: { title: `Explain ${rule}`, command: EXPLAIN_COMMAND, arguments: [rule] },
  };
}

export function registerExplain({ connection, analyser }: Context): void {
  connection.onExecuteCommand(
    guarded(connection, "Explaining a rule", null, async ({ command, arguments: args }) => {
      if (command !== EXPLAIN_COMMAND) return null;
      const rule = analyser.rules.find((candidate) => candidate.name === args?.[0]);
      if (!rule) throw new Error(`there is no rule "${args?.[0]}"`);
      await connection.window.showDocument({ uri: rule.url, external: true });
      return null;
    }),
  );
}
