/** How the gradients are to be clipped: the choice beside "Write to code", and what each means. */
import type { ChosenKind } from "../../protocol/lsp.ts";
import { element, setHidden, setText } from "../dom.ts";
import { t } from "../l10n.ts";
import { Picker } from "./picker.ts";

const TEXT = {
  label: t("How to clip"),
  kinds: {
    norm: t("By the global norm"),
    value: t("Each component by its value"),
    adaptive: t("Each unit by its weights (AGC)"),
    autoclip: t("By the norms so far (AutoClip)"),
  } satisfies Record<ChosenKind, string>,
  hints: {
    norm: "",
    value: t(
      "At 0.5, a convention: the norms that were recorded can't tell a bound for single components. It changes the gradient's direction.",
    ),
    adaptive: t(
      "At 0.01 of the norm of each unit's weights, the factor of its paper, which leaves the last layer out. Made for networks without normalization.",
    ),
    autoclip: t(
      "At the median of the norms so far, instead of a fixed number. The 10th percentile is the safest, but clips too much when norms grow.",
    ),
  } satisfies Record<ChosenKind, string>,
};

const CHOICES = Object.entries(TEXT.kinds).map(([id, name]) => ({ id, name, detail: "" }));
const isKind = (id: string): id is ChosenKind => Object.hasOwn(TEXT.kinds, id);

export class ClipKindView {
  readonly element: HTMLElement;
  kind: ChosenKind = "norm";
  readonly #picker: Picker;
  readonly #hint = element("p", { class: "aside-label" });
  #changed: (() => void) | null = null;

  constructor() {
    this.#picker = new Picker("clip-kind", TEXT.label, (id) => {
      if (!isKind(id)) return;
      this.kind = id;
      this.#changed?.();
    });
    this.element = element("div", { class: "clip-kind" }, this.#picker.element, this.#hint);
  }

  show(isVisible: boolean, changed: () => void): void {
    this.#changed = changed;
    setHidden(this.element, !isVisible);
    this.#picker.show(CHOICES, this.kind);
    setText(this.#hint, TEXT.hints[this.kind]);
    setHidden(this.#hint, this.kind === "norm");
  }
}
