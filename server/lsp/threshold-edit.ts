import { THRESHOLD_EDIT_METHOD, type ThresholdEditResult, thresholdEditParams } from "../../protocol/lsp.ts";
import { type CodeLocation, hashedCell } from "../../protocol/telemetry.ts";
import type { ThresholdEdit, ThresholdRequest, WorkspaceModule } from "../analysis/index.ts";
import { Positions } from "../text/positions.ts";
import type { Context } from "./context.ts";
import type { View } from "./documents.ts";
import { workspaceEdit } from "./workspace-edit.ts";

type Lines = Pick<ThresholdRequest, "siteLine" | "clipLine">;

/** `gradsight/thresholdEdit`: of the document as it is open, or else the file. */
export function registerThresholdEdit(context: Context): void {
  const { connection, host, documents, modules } = context;
  connection.onRequest<ThresholdEditResult, void>(
    THRESHOLD_EDIT_METHOD,
    async (params: unknown): Promise<ThresholdEditResult> => {
      try {
        const { uri, site, clip, script, args, kind, threshold } = thresholdEditParams(params);
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
        modules.refresh();
        const chosen = kind !== null && kind !== "norm" ? { kind } : {};
        const ran = script === null || host.isFile(file, script) || chosen.kind ? null : script;
        const inFile = (place: CodeLocation | null) => (place ? place.line - 1 : null);
        const seen = { siteLine: inFile(siteHere), clipLine: inFile(clipHere) };
        const told =
          ran === null ? null : await fromScript(context, uri, ran, { threshold, args: args ?? [], ...seen });
        if (told) return told;
        return await documents.view(uri, (view) => {
          const lineOf = (place: CodeLocation | null) =>
            place && (place.cell ? lineInCell(place) : view.moduleLine(place.line - 1));
          const lines = { siteLine: lineOf(siteHere), clipLine: lineOf(clipHere) };
          if (lines.siteLine === null && lines.clipLine === null && (siteHere || clipHere))
            return { err: "The cell that the run saw this update in has changed since, or is gone." };
          return answer(
            context,
            uri,
            view,
            view.module.thresholdEdit({ threshold, args: args ?? [], ...lines, ...chosen }),
          );
        });
      } catch (error) {
        connection.console.error(`Threshold edit failed: ${(error as Error).stack}`);
        return { err: (error as Error).message };
      }
    },
  );
}

/** What the script says that led to the place: it may pass the number. Null where that can't be told from it. */
async function fromScript(
  context: Context,
  uri: string,
  script: string,
  request: Lines & Pick<ThresholdRequest, "threshold" | "args">,
): Promise<ThresholdEditResult | null> {
  const { documents, modules } = context;
  const path = modules.originOf(uri)?.path;
  if (path === undefined || !script.endsWith(".py")) return null;
  try {
    const text = await documents.view(uri, ({ module }) => module.text);
    return await documents.view(modules.uriOf(script), (view) => {
      const result = view.module.thresholdEdit({ ...request, within: { path, text } });
      return "refused" in result && result.unseen ? null : answer(context, uri, view, result);
    });
  } catch {
    // It was deleted since: the module still speaks for itself.
    return null;
  }
}

function answer(context: Context, asked: string, view: View, result: ThresholdEdit): ThresholdEditResult {
  if ("refused" in result) return { err: result.refused };
  const { edits, summary, range, module, shared = false } = result;
  const { client, documents, modules } = context;
  const target = module && documents.script(modules.uriOf(module.path));
  // A configuration is read from the disk.
  if (target && target.module.text !== module.text)
    return { err: `${module.path} has changes that are not saved. Save it and try again.` };
  const placing = module ? (target ?? placingIn(context, module)) : view;
  const place = placing.place(range);
  // A cell is in the notebook that was asked about.
  const asks = documents.fileOf(place.uri) !== documents.fileOf(asked) || shared;
  const confirm = asks ? { label: "Gradsight", description: summary } : null;
  return {
    ok: { edit: workspaceEdit(placing, edits, client, confirm), summary, line: place.range.start.line + 1, asks },
  };
}

function placingIn({ client, modules }: Context, { path, text }: WorkspaceModule): Pick<View, "place"> {
  const uri = modules.uriOf(path);
  const positions = Positions.of(text, client.positionEncoding);
  return { place: (range) => ({ uri, version: null, range: positions.range(range) }) };
}
