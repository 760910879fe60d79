/** What became of a press on "Write to code". */
import "./outcome.css";
import type { CodeLocation } from "../../protocol/telemetry.ts";
import type { ToDashboard } from "../../protocol/webview.ts";
import { element, setAttribute, setHidden, setText } from "../dom.ts";
import { fileName } from "../format.ts";
import { t } from "../l10n.ts";

export type WriteResult = Extract<ToDashboard, { type: "written" }>;
export interface WriteOutcome {
  readonly id: number;
  /** Where the button was pressed. */
  readonly from: "suggestion" | "what-if";
  /** The user is asked to accept the change. */
  readonly asks: boolean;
  /** null: under way. */
  readonly result: WriteResult | null;
}

const TEXT = {
  asks: t("Waiting for your answer: tick the change in the preview and apply it, or discard it."),
  /** The edit is left unsaved, so that the user accepts it; whether that was done is not told here. */
  written: (summary: string) => t("Written into the editor, for you to save or undo: {0}", summary),
  refused: (reason: string) => t("Not written: {0}", reason),
  unknown: t("the editor gave no reason"),
};

export class OutcomeView {
  readonly element: HTMLElement;
  readonly #text = element("span");
  readonly #link = element("button", { type: "button", class: "link" });
  #location: CodeLocation | null = null;

  constructor(reveal: (location: CodeLocation) => void) {
    this.element = element("p", { class: "outcome", "aria-live": "polite" }, this.#text, " ", this.#link);
    this.#link.addEventListener("click", () => this.#location && reveal(this.#location));
  }

  show(outcome: WriteOutcome | null): void {
    const result = outcome?.result ?? null;
    const ok = result?.ok ?? null;
    this.#location = ok && { file: ok.file, line: ok.line, cell: ok.cell };
    setAttribute(this.element, "data-ok", result === null ? null : String(ok !== null));
    const underWay = outcome?.asks ? TEXT.asks : "";
    setText(
      this.#text,
      ok ? TEXT.written(withoutTicks(ok.summary)) : result ? TEXT.refused(result.err ?? TEXT.unknown) : underWay,
    );
    setText(this.#link, ok ? `${fileName(ok.file)}:${ok.line}` : "");
    setHidden(this.#link, ok === null);
  }
}

/** A summary marks names as Markdown code; this line is plain text. */
const withoutTicks = (summary: string) => summary.replaceAll("`", "");
