/**
 * `textDocument/diagnostic`, or `textDocument/publishDiagnostics` for clients that don't ask. Pulling suits VS Code better:
 * it keeps one request in flight per document, cancels what a keystroke made stale, asks only for what is in sight, and
 * clears a document's diagnostics itself when it closes.
 */
import {
  type CancellationToken,
  type Diagnostic,
  DiagnosticSeverity,
  DiagnosticTag,
  type DocumentDiagnosticReport,
  type Location,
  LSPErrorCodes,
  ResponseError,
} from "vscode-languageserver";
import type { Finding, RelatedPlace, Severity } from "../analysis/index.ts";
import { Positions } from "../text/positions.ts";
import type { Context } from "./context.ts";
import type { LintedDocument } from "./document.ts";
import { guarded } from "./guard.ts";
import { OpenCell } from "./open-cell.ts";
import type { OpenNotebook } from "./open-notebook.ts";
import { afterOthers } from "./turn.ts";

export const SOURCE = "gradsight";

const SEVERITY: Record<Severity, DiagnosticSeverity> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
};

export function toDiagnostic(finding: Finding, document: LintedDocument, context: Context): Diagnostic {
  const href = context.analyser.rules.find(({ name }) => name === finding.rule)?.url;
  return {
    range: document.place(finding.range).range,
    severity: SEVERITY[finding.severity],
    code: finding.rule,
    ...(href && { codeDescription: { href } }),
    source: SOURCE,
    message: finding.message,
    ...(finding.run && { data: { run: finding.run.id } }),
    ...(finding.deprecated && { tags: [DiagnosticTag.Deprecated] }),
    ...(finding.unnecessary && { tags: [DiagnosticTag.Unnecessary] }),
    ...(finding.related.length > 0 && {
      relatedInformation: finding.related.map((place) => ({
        location: locationOf(place, document, context),
        message: place.message,
      })),
    }),
  };
}

function locationOf({ range: offsets, module }: RelatedPlace, document: LintedDocument, context: Context): Location {
  if (module) {
    const positions = Positions.of(module.text, context.client.positionEncoding);
    return { uri: context.modules.uriOf(module.path), range: positions.range(offsets) };
  }
  const { uri, range } = document.place(offsets);
  return { uri, range };
}

async function diagnose(
  document: LintedDocument,
  context: Context,
  token?: CancellationToken,
): Promise<Diagnostic[] | "stale"> {
  const { revision } = document;
  const settings = await context.settings.of(context.documents.fileOf(document.uri));
  if (token?.isCancellationRequested) throw new ResponseError(LSPErrorCodes.RequestCancelled, "cancelled");
  if (document.closed) return [];
  if (document.revision !== revision) return "stale";
  if (!settings.enable) return [];
  // A client that doesn't watch files for us: look at those that are imported.
  if (!context.client.registersWatchedFiles) context.modules.refresh();
  return document.findings(settings.lint).map((finding) => toDiagnostic(finding, document, context));
}

export interface DiagnosticsFeature {
  /** The text, or the settings, of this document changed. */
  changed(uri: string): void;
  /** The client asks for the `edited` cells itself. */
  notebookChanged(notebook: OpenNotebook, edited: ReadonlySet<string>): void;
  /** What applies to all documents, or what runs saw of some. */
  settingsChanged(): void;
  closed(uri: string): void;
}

export function registerDiagnostics(context: Context): DiagnosticsFeature {
  return context.client.pullsDiagnostics ? registerPull(context) : registerPush(context);
}

function registerPull(context: Context): DiagnosticsFeature {
  const { connection, documents, client } = context;
  const empty: DocumentDiagnosticReport = { kind: "full", items: [] };
  /** What the client knows of cells. */
  const answered = new Map<string, string>();
  const waiting = new Map<OpenNotebook, ReadonlySet<string>>();
  connection.languages.diagnostics.on(
    guarded(connection, "Linting", empty, async ({ textDocument: { uri } }, token) => {
      await afterOthers();
      const document = documents.get(uri);
      if (!document) return empty;
      const items = await diagnose(document, context, token);
      if (items === "stale")
        throw new ResponseError(LSPErrorCodes.ServerCancelled, "the text changed", { retriggerRequest: true });
      if (document instanceof OpenCell) answered.set(uri, JSON.stringify(items));
      return { kind: "full", items };
    }),
  );
  const refresh = () => {
    if (client.refreshesDiagnostics)
      connection.languages.diagnostics
        .refresh()
        .catch((error) => connection.console.warn(`The client did not refresh: ${error.message}`));
  };
  /** An edit in one cell may change what there is to say of others. */
  const check = guarded(connection, "Linting", undefined, async (notebook: OpenNotebook) => {
    const edited = waiting.get(notebook);
    waiting.delete(notebook);
    for (const cell of notebook.cells) {
      const known = answered.get(cell.uri);
      if (known === undefined || edited?.has(cell.uri)) continue;
      const items = await diagnose(cell, context);
      if (items !== "stale" && JSON.stringify(items) !== known) return refresh();
    }
  });
  return {
    changed() {},
    notebookChanged(notebook, edited) {
      const before = waiting.get(notebook);
      if (!before) setTimeout(() => check(notebook));
      waiting.set(notebook, new Set([...(before ?? []), ...edited]));
    },
    closed(uri) {
      answered.delete(uri);
    },
    settingsChanged: refresh,
  };
}

function registerPush(context: Context): DiagnosticsFeature {
  const { connection, documents } = context;
  const waiting = new Set<LintedDocument>();
  const publish = guarded(connection, "Linting", undefined, async (document: LintedDocument) => {
    waiting.delete(document);
    const { uri, version } = document;
    const diagnostics = await diagnose(document, context);
    if (diagnostics === "stale" || document.closed) return;
    await connection.sendDiagnostics({ uri, version, diagnostics });
  });
  const schedule = (document: LintedDocument) => {
    if (waiting.has(document)) return;
    waiting.add(document);
    // Changes that already wait in line are read first, and linted once.
    setTimeout(() => publish(document));
  };
  /** Those that import what changed. */
  const scheduleOthers = () =>
    setTimeout(() => {
      for (const document of documents.all()) if (document.isStale) schedule(document);
    });
  const changed = (uri: string) => {
    const document = documents.get(uri);
    if (!document) return;
    schedule(document);
    scheduleOthers();
  };
  return {
    changed,
    notebookChanged(notebook) {
      for (const cell of notebook.cells) schedule(cell);
    },
    closed: guarded(connection, "Clearing diagnostics", undefined, (uri: string) => {
      scheduleOthers();
      return connection.sendDiagnostics({ uri, diagnostics: [] });
    }),
    settingsChanged() {
      for (const { uri } of documents.all()) changed(uri);
    },
  };
}
