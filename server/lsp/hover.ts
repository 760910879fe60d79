import type { Hover } from "vscode-languageserver";
import type { Context } from "./context.ts";
import { guarded } from "./guard.ts";
import { turn } from "./turn.ts";

/** `textDocument/hover` */
export function registerHover({ connection, documents, settings }: Context): void {
  connection.onHover(
    guarded(connection, "Hover", null, async ({ textDocument: { uri }, position }, token): Promise<Hover | null> => {
      const myTurn = turn(documents.get(uri), token);
      const { enable } = await settings.of(documents.fileOf(uri));
      await myTurn();
      const document = documents.get(uri);
      if (!document || !enable) return null;
      const hover = document.module.hover(document.offsets({ start: position, end: position }).start);
      if (!hover) return null;
      return { contents: { kind: "markdown", value: hover.markdown }, range: document.place(hover.range).range };
    }),
  );
}
