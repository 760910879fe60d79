import type { Hover } from "vscode-languageserver";
import type { Context } from "./context.ts";
import { guarded } from "./guard.ts";

/** `textDocument/hover` */
export function registerHover({ connection, documents, settings }: Context): void {
  connection.onHover(
    guarded(connection, "Hover", null, async ({ textDocument: { uri }, position }): Promise<Hover | null> => {
      const { enable } = await settings.of(documents.fileOf(uri));
      const document = documents.get(uri);
      if (!document || !enable) return null;
      const hover = document.module.hover(document.offsets({ start: position, end: position }).start);
      if (!hover) return null;
      return { contents: { kind: "markdown", value: hover.markdown }, range: document.place(hover.range).range };
    }),
  );
}
