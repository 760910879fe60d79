import { ErrorCodes, ResponseError } from "vscode-languageserver";
import { FIX_ALL_METHOD, type FixAllResult, fixAllParams } from "../../protocol/lsp.ts";
import type { Context } from "./context.ts";
import { guarded } from "./guard.ts";
import { workspaceEdit } from "./workspace-edit.ts";

/** `gradsight/fixAll` */
export function registerFixAll({ connection, client, documents, settings }: Context): void {
  const nothing: FixAllResult = { edit: {}, count: 0 };
  connection.onRequest(
    FIX_ALL_METHOD,
    guarded(connection, "Fixing all", nothing, async (params: unknown): Promise<FixAllResult> => {
      const { uri, unsafe } = parse(params);
      const { enable, lint } = await settings.of(documents.fileOf(uri));
      if (!enable) return nothing;
      return documents.view(uri, (view) => {
        const { edits, count } = view.module.fixAll(unsafe ? "unsafe" : "safe", lint);
        return count === 0 ? nothing : { edit: workspaceEdit(view, edits, client), count };
      });
    }),
  );
}

function parse(params: unknown) {
  try {
    return fixAllParams(params);
  } catch (error) {
    throw new ResponseError(ErrorCodes.InvalidParams, (error as Error).message);
  }
}
