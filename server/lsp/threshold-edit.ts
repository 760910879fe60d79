import { THRESHOLD_EDIT_METHOD, type ThresholdEditResult, thresholdEditParams } from "../../protocol/lsp.ts";
import { type CodeLocation, hashedCell } from "../../protocol/telemetry.ts";
import type { Context } from "./context.ts";
import { workspaceEdit } from "./workspace-edit.ts";

/** `gradsight/thresholdEdit`: the document as it is open, or else the file. */
export function registerThresholdEdit({ connection, host, client, documents }: Context): void {
  connection.onRequest<ThresholdEditResult, void>(
    THRESHOLD_EDIT_METHOD,
    async (params: unknown): Promise<ThresholdEditResult> => {
      try {
        const { uri, site, clip, threshold } = thresholdEditParams(params);
        // The probe counts lines from 1, and may have seen the clip in another file than the update.
        const file = documents.fileOf(uri);
        const here = (place: CodeLocation | null) => (place && host.isFile(file, place.file) ? place : null);
        const [siteHere, clipHere] = [here(site), here(clip)];
        if (!siteHere && !clipHere && (site || clip))
          return { err: `The run saw this update in ${(clip ?? site)?.file}, not in ${uri}.` };
        const lineInCell = ({ cell, line }: CodeLocation): number | null => {
          const cells = documents.notebook(file)?.module.cells;
          const index = cells?.only((source) => host.hash(hashedCell(source)) === cell) ?? null;
          return cells && index !== null ? cells.firstLine(index) + line - 1 : null;
        };
        return await documents.view(uri, (view) => {
          const lineOf = (place: CodeLocation | null) =>
            place && (place.cell ? lineInCell(place) : view.moduleLine(place.line - 1));
          const lines = { siteLine: lineOf(siteHere), clipLine: lineOf(clipHere) };
          if (lines.siteLine === null && lines.clipLine === null && (siteHere || clipHere))
            return { err: "The cell that the run saw this update in has changed since, or is gone." };
          const result = view.module.thresholdEdit({ threshold, ...lines });
          if ("refused" in result) return { err: result.refused };
          const line = view.place(result.range).range.start.line + 1;
          return { ok: { edit: workspaceEdit(view, result.edits, client), summary: result.summary, line } };
        });
      } catch (error) {
        connection.console.error(`Threshold edit failed: ${(error as Error).stack}`);
        return { err: (error as Error).message };
      }
    },
  );
}
