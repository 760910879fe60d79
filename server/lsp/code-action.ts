import { type CodeAction, CodeActionKind, type CodeActionParams, type Diagnostic } from "vscode-languageserver";
import type { Finding } from "../analysis/index.ts";
import { laterEdit, wholeFileEdit } from "./code-action-resolve.ts";
import type { Context } from "./context.ts";
import { SOURCE, toDiagnostic } from "./diagnostics.ts";
import type { LintedDocument } from "./document.ts";
import { explainAction } from "./explain.ts";
import { guarded } from "./guard.ts";
import { OPEN_RUN_COMMAND } from "./observed-runs.ts";
import { OpenCell } from "./open-cell.ts";
import type { Settings } from "./settings.ts";
import { suppressionEdit } from "./suppress.ts";
import { turn } from "./turn.ts";
import { workspaceEdit } from "./workspace-edit.ts";

/** Safe fixes only: clients run this kind on save, and saving a script must not change what it trains. */
export const FIX_ALL_KIND = `${CodeActionKind.SourceFixAll}.${SOURCE}`;

/** `textDocument/codeAction` */
export function registerCodeActions(context: Context): void {
  const { connection, documents, settings } = context;
  connection.onCodeAction(
    guarded(connection, "Code actions", [], async (params, token): Promise<CodeAction[]> => {
      const wanted = params.context.only;
      const { uri } = params.textDocument;
      const myTurn = turn(documents.get(uri), token);
      const current = await settings.of(documents.fileOf(uri));
      await myTurn();
      const document = documents.get(uri);
      if (!document || !current.enable) return [];
      return [
        ...(wants(wanted, CodeActionKind.QuickFix) ? quickFixes(params, document, current, context) : []),
        ...(wants(wanted, CodeActionKind.RefactorRewrite) ? rewrites(params, document, context) : []),
        // Asked for by name (on save, or "Source Action…"), else menus of other clients would be full of it.
        ...(wanted && wants(wanted, FIX_ALL_KIND) ? fixAll(document, current, context) : []),
      ];
    }),
  );
}

/** Kinds are hierarchical: who asks for `source` gets `source.fixAll.gradsight`. */
function wants(only: readonly string[] | undefined, kind: string): boolean {
  return only === undefined || only.some((asked) => asked === "" || kind === asked || kind.startsWith(`${asked}.`));
}

function quickFixes(params: CodeActionParams, document: LintedDocument, settings: Settings, context: Context) {
  const asked = document.offsets(params.range);
  const findings = document
    .findings(settings.lint)
    .filter(({ range }) => range.start <= asked.end && asked.start <= range.end)
    .map((finding) => ({ finding, diagnostic: toDiagnostic(finding, document, context) }));
  const fixable = findings.filter(({ finding }) => finding.fix).map(({ diagnostic }) => diagnostic);
  return [
    ...findings.flatMap(({ finding, diagnostic }) => fixAction(finding, diagnostic, document, context)),
    ...(fixable.length > 0 ? fixFileAction(fixable, document, settings, context) : []),
    // JSON has no comments.
    ...(document.uri.endsWith(".json")
      ? []
      : findings.map(({ finding, diagnostic }) => suppressAction(finding, diagnostic, document, context))),
    ...(context.options.opensRuns ? distinctRuns(findings).map(showRunAction) : []),
    ...(context.client.showsDocuments ? findings.map(({ diagnostic }) => explainAction(diagnostic)) : []),
  ];
}

/** Other kinds of clipping, at the update under the cursor. */
function rewrites({ range }: CodeActionParams, document: LintedDocument, { client }: Context): CodeAction[] {
  return document.module.otherClips(document.moduleLine(range.start.line)).map(({ title, edits }) => ({
    title,
    kind: CodeActionKind.RefactorRewrite,
    edit: workspaceEdit(document, edits, client),
  }));
}

interface Found {
  readonly finding: Finding;
  readonly diagnostic: Diagnostic;
}

const distinctRuns = (findings: readonly Found[]): Found[] =>
  [...Map.groupBy(findings, ({ finding }) => finding.run?.id)].flatMap(([run, [first]]) =>
    run && first ? [first] : [],
  );

function showRunAction({ finding: { run }, diagnostic }: Found): CodeAction {
  const title = `Show the run on ${run?.date}`;
  return {
    title,
    kind: CodeActionKind.QuickFix,
    diagnostics: [diagnostic],
    command: { title, command: OPEN_RUN_COMMAND, arguments: [run?.id] },
  };
}

/**
 * VS Code's "Auto Fix" applies a preferred fix without showing it first. One that changes what the optimizer receives is
 * to be read and chosen, so only safe fixes are preferred; an unsafe one is still the first in the list.
 */
function fixAction(
  { fix }: Finding,
  diagnostic: Diagnostic,
  document: LintedDocument,
  { client }: Context,
): CodeAction[] {
  if (!fix) return [];
  return [
    {
      title: fix.title,
      kind: CodeActionKind.QuickFix,
      diagnostics: [diagnostic],
      ...(fix.applicability === "safe" && { isPreferred: true }),
      edit: workspaceEdit(document, fix.edits, client),
    },
  ];
}

/** Its edit is worked out when it is chosen, where the client can wait for it: the menu opens at every move of the cursor. */
function fixFileAction(
  diagnostics: Diagnostic[],
  document: LintedDocument,
  settings: Settings,
  { client }: Context,
): CodeAction[] {
  if (document.module.fixAll("unsafe", settings.lint).count < 2) return [];
  // With diagnostics of its own it stands beside the fix; VS Code lists actions without any at the end.
  const action: CodeAction = {
    title: `Fix all clipping problems in this ${document instanceof OpenCell ? "notebook" : "file"}`,
    kind: CodeActionKind.QuickFix,
    diagnostics,
  };
  if (client.resolvesCodeActions) return [{ ...action, data: laterEdit(document) }];
  return [{ ...action, edit: wholeFileEdit(document, settings, client) }];
}

function suppressAction(
  finding: Finding,
  diagnostic: Diagnostic,
  document: LintedDocument,
  { client }: Context,
): CodeAction {
  return {
    title: `Suppress ${finding.rule} for this line`,
    kind: CodeActionKind.QuickFix,
    diagnostics: [diagnostic],
    edit: workspaceEdit(document, [suppressionEdit(document.module.text, finding)], client),
  };
}

function fixAll(document: LintedDocument, { lint }: Settings, { client }: Context): CodeAction[] {
  // Clients ask for one cell of a notebook after the other.
  const edits = document.module
    .fixAll("safe", lint)
    .edits.filter(({ range }) => document.place(range).uri === document.uri);
  if (edits.length === 0) return [];
  return [
    {
      title: "Fix all safely fixable clipping problems",
      kind: FIX_ALL_KIND,
      edit: workspaceEdit(document, edits, client),
    },
  ];
}
