/** The findings that VS Code has of a document, on a desktop and in a browser. */
import {
  type CodeAction,
  CodeActionKind,
  commands,
  type Diagnostic,
  type Event,
  languages,
  type TextDocument,
} from "vscode";

/** Resolves once `condition` holds, looking now and after each `event`. The test's own time limit is the only one. */
export function when<T>(event: Event<T>, condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    if (condition()) return resolve();
    const subscription = event(() => {
      if (!condition()) return;
      subscription.dispose();
      resolve();
    });
  });
}

export function findings(document: TextDocument): Diagnostic[] {
  return languages.getDiagnostics(document.uri).filter(({ source }) => source === "gradsight");
}

/** The rule that a finding comes from. */
export function rule({ code }: Diagnostic): string | number | undefined {
  return typeof code === "object" ? code.value : code;
}

export function untilFindings(document: TextDocument, condition: (found: Diagnostic[]) => boolean): Promise<void> {
  return when(languages.onDidChangeDiagnostics, () => condition(findings(document)));
}

/** What the light bulb offers at the first finding. */
export function quickFixes(document: TextDocument): Thenable<CodeAction[]> {
  return commands.executeCommand(
    "vscode.executeCodeActionProvider",
    document.uri,
    findings(document)[0]!.range,
    CodeActionKind.QuickFix.value,
    10,
  );
}
