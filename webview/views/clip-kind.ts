/** How the gradients are to be clipped: the choice beside "Write to code". */
import type { ChosenKind } from "../../protocol/lsp.ts";
import { setHidden } from "../dom.ts";
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
};

const CHOICES = Object.entries(TEXT.kinds).map(([id, name]) => ({ id, name, detail: "" }));
const isKind = (id: string): id is ChosenKind => Object.hasOwn(TEXT.kinds, id);

export class ClipKindView {
  readonly element: HTMLElement;
  readonly #picker: Picker;
  #kind: ChosenKind = "norm";
  /** What the choice was made for. */
  #of: string | null = null;
  #changed: (() => void) | null = null;

  constructor() {
    this.#picker = new Picker("clip-kind", TEXT.label, (id) => {
      if (!isKind(id)) return;
      this.#kind = id;
      this.#changed?.();
    });
    this.element = this.#picker.element;
  }

  /** Gives the kind that is chosen, which is the norm where there is nothing to choose, or nothing was chosen of this one. */
  show(of: string, isVisible: boolean, changed: () => void): ChosenKind {
    if (of !== this.#of) this.#kind = "norm";
    this.#of = of;
    this.#changed = changed;
    setHidden(this.element, !isVisible);
    this.#picker.show(CHOICES, [this.#kind]);
    return isVisible ? this.#kind : "norm";
  }
}
