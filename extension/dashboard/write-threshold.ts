/**
 * "Write to code": asks the language server for the edit that puts a threshold at the place where a run's updates
 * happened, and applies it. The edit is one undo step, shown and selected, and left unsaved: the number that decides how
 * the next run trains is the user's to accept, and `files.autoSave` goes on as the user has set it.
 */
import { stat } from "node:fs/promises";
import {
  l10n,
  type NotebookDocument,
  Position,
  Range,
  type TextDocument,
  type Uri,
  type WorkspaceEdit,
  workspace,
} from "vscode";
import {
  type ChosenKind,
  THRESHOLD_EDIT_METHOD,
  type ThresholdEditParams,
  type ThresholdEditResult,
} from "../../protocol/lsp.ts";
import type { CodeLocation } from "../../protocol/telemetry.ts";
import { notebookOf, versionsOf } from "../active-document.ts";
import type { HubClient } from "../hub/hub-client.ts";
import type { LanguageServer } from "../language/language-server.ts";
import { hashOfCell, openCode, showRange } from "./reveal.ts";

export type WriteOutcome = { ok: Required<CodeLocation> & { summary: string } } | { err: string };

/** Where a training's updates happened in the code. */
export interface Place {
  readonly site: CodeLocation | null;
  readonly clip: CodeLocation | null;
  readonly script: string | null;
  /** What the script was given on the command line. */
  readonly args?: readonly string[];
  /** Unix seconds: what was changed since may stand elsewhere. */
  readonly startedAt: number;
}

export class ThresholdWriter {
  private readonly hub: HubClient;
  private readonly server: LanguageServer;

  constructor(hub: HubClient, server: LanguageServer) {
    this.hub = hub;
    this.server = server;
  }

  /**
   * Never rejects: whatever goes wrong becomes `err`, a sentence for the user.
   *
   * @param asked is called where the user is asked to accept the change
   */
  async write(
    run: string,
    series: string,
    threshold: number,
    kind: ChosenKind = "norm",
    asked: () => void = () => {},
  ): Promise<WriteOutcome> {
    try {
      return await this.attempt(run, series, threshold, kind, asked);
    } catch (error) {
      return { err: error instanceof Error ? error.message : String(error) };
    }
  }

  private async attempt(
    runId: string,
    seriesId: string,
    threshold: number,
    kind: ChosenKind,
    asked: () => void,
  ): Promise<WriteOutcome> {
    const run = await this.hub.run(runId);
    const series = run.series.find(({ id }) => id === seriesId);
    if (!series) return { err: l10n.t("This run has no such series any more.") };
    const { script, startedAt } = run.summary;
    return this.writeAt(
      { site: series.site, clip: series.clip?.location ?? null, script, args: run.args, startedAt },
      threshold,
      kind,
      asked,
    );
  }

  /** Rejects where something unforeseen goes wrong. */
  async writeAt(
    { site, clip, script, args = [], startedAt }: Place,
    threshold: number,
    kind: ChosenKind = "norm",
    asked: () => void = () => {},
  ): Promise<WriteOutcome> {
    // The number is changed where clipping was seen; without clipping, or to clip otherwise, the update is where to clip.
    const file = (kind === "norm" ? clip?.file : null) ?? site?.file ?? clip?.file ?? script;
    if (!file) return { err: l10n.t("The run did not record where its updates happen in the code.") };

    const modified = await stat(file).catch(() => null);
    if (!modified) return { err: l10n.t("{0} does not exist any more. Was it moved or renamed?", file) };
    const code = await openCode(file);
    const versions = versionsOf(code);
    const params: ThresholdEditParams = {
      uri: this.server.uri(code.uri),
      site,
      clip,
      script,
      args: [...args],
      kind,
      threshold,
    };
    const answer = await this.server.request<ThresholdEditResult>(THRESHOLD_EDIT_METHOD, params);
    if ("err" in answer) return { err: withReason(answer.err, changedSince(startedAt, code, modified.mtimeMs / 1000)) };

    const edit = await this.server.edit(answer.ok.edit);
    if (versionsOf(code) !== versions)
      return { err: l10n.t("The script was changed just now. Nothing was written; please try again.") };
    const { line, summary, asks } = answer.ok;
    const target = await workspace.openTextDocument(edited(edit) ?? code.uri);
    const before = target.version;
    // In another file than the one where gradients are clipped, or of use for more than that, the user sees it first, and may turn it down.
    if (asks) asked();
    const applied = await workspace.applyEdit(edit);
    if (target.version === before) {
      if (asks)
        return {
          err: l10n.t(
            "The change in {0} was not accepted. Tick it in the preview to apply it.",
            workspace.asRelativePath(target.uri),
          ),
        };
      if (!applied)
        return { err: l10n.t("{0} could not be edited. Is it read-only?", workspace.asRelativePath(target.uri)) };
    }
    const shown = changedRange(edit, line);
    await showRange(target, shown);
    const cell = notebookOf(target) ? hashOfCell(target) : null;
    return { ok: { file: target.uri.fsPath, line: shown.start.line + 1, cell, summary } };
  }
}

function edited(edit: WorkspaceEdit): Uri | undefined {
  return edit.entries()[0]?.[0];
}

/** What the edit of a line has put there, below what the others have; what is inserted above a line ends before it. */
function changedRange(edit: WorkspaceEdit, line: number): Range {
  const edits = edit.entries().flatMap(([, changes]) => changes);
  const at = edits.find(({ range }) => range.start.line === line - 1) ?? edits[0];
  if (!at) return new Range(line - 1, 0, line - 1, Number.MAX_SAFE_INTEGER);
  const above = edits.filter(({ range }) => range.end.isBefore(at.range.start));
  const moved = above.map(({ range, newText }) => newText.split("\n").length - 1 - (range.end.line - range.start.line));
  const start = at.range.start.translate(moved.reduce((sum, lines) => sum + lines, 0));
  const lines = at.newText.replace(/\n[ \t]*$/, "").split("\n");
  const last = lines.at(-1)!.length;
  return new Range(
    start,
    lines.length > 1 ? new Position(start.line + lines.length - 1, last) : start.translate(0, last),
  );
}

/** Of a notebook that isn't known: what its cells print changes it, too. */
function changedSince(startedAt: number, code: TextDocument | NotebookDocument, modified: number): boolean {
  return "languageId" in code && (code.isDirty || modified > startedAt);
}

function withReason(reason: string, changed: boolean): string {
  return changed ? `${reason} ${l10n.t("The script was changed after this run had started.")}` : reason;
}
