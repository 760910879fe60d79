import { THRESHOLD_EDIT_METHOD, type ThresholdEditResult, thresholdEditParams } from "../../protocol/lsp.ts";
import type { CodeLocation } from "../../protocol/telemetry.ts";
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
        const lineOf = (place: CodeLocation | null) => (place && host.isFile(file, place.file) ? place.line - 1 : null);
        const [siteLine, clipLine] = [lineOf(site), lineOf(clip)];
        if (siteLine === null && clipLine === null && (site || clip))
          return { err: `The run saw this update in ${(clip ?? site)?.file}, not in ${uri}.` };
        return await documents.view(uri, (view) => {
          const inModule = (line: number | null) => (line === null ? null : view.moduleLine(line));
          const lines = { siteLine: inModule(siteLine), clipLine: inModule(clipLine) };
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
