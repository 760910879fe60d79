/** Which steps all charts show, and the buttons that change it. */
import "./toolbar.css";
import type { Crosshair } from "../charts/crosshair.ts";
import { confine, pan, type StepWindow, zoom } from "../charts/window.ts";
import { element, setAttribute, setText } from "../dom.ts";
import { formatSteps } from "../format.ts";
import { t } from "../l10n.ts";

const TEXT = {
  label: t("Steps shown"),
  live: t("whole run, live"),
  whole: t("whole run"),
  earlier: t("Earlier steps"),
  later: t("Later steps"),
  closer: t("Zoom in"),
  wider: t("Zoom out"),
  fit: t("Fit"),
  fitLabel: t("Fit: show the whole run"),
  hint: t("Drag over a chart to zoom, double-click to fit; Ctrl+wheel zooms, and so do + and − in a focused chart."),
};

export class ToolbarView {
  readonly element: HTMLElement;
  readonly #text = element("span", { class: "steps" });
  readonly #fit: HTMLButtonElement;
  #window: StepWindow = { from: 0, to: 1 };
  #whole: StepWindow = { from: 0, to: 1 };

  constructor(crosshair: Crosshair, setWindow: (window: StepWindow | null) => void) {
    const button = (text: string, label: string, next: () => StepWindow | null) => {
      const made = element("button", { type: "button", class: "quiet", "aria-label": label, title: label }, text);
      made.addEventListener("click", () => setWindow(next()));
      return made;
    };
    const around = () => crosshair.step ?? (this.#window.from + this.#window.to) / 2;
    const move = (share: number) =>
      confine(this.#window, this.#whole) === null ? null : pan(this.#window, this.#whole, share);
    this.#fit = button(TEXT.fit, TEXT.fitLabel, () => null);
    this.element = element(
      "div",
      { class: "toolbar", role: "toolbar", "aria-label": TEXT.label },
      this.#text,
      element(
        "span",
        { class: "buttons", title: TEXT.hint },
        button("←", TEXT.earlier, () => move(-0.5)),
        button("→", TEXT.later, () => move(0.5)),
        button("+", TEXT.closer, () => zoom(this.#window, this.#whole, around(), 0.5)),
        button("−", TEXT.wider, () => zoom(this.#window, this.#whole, around(), 2)),
        this.#fit,
      ),
    );
  }

  show(window: StepWindow, whole: StepWindow, running: boolean): void {
    this.#window = window;
    this.#whole = whole;
    const all = window.from === whole.from && window.to === whole.to;
    const scope = all ? ` · ${running ? TEXT.live : TEXT.whole}` : "";
    setText(this.#text, formatSteps(window.from, window.to) + scope);
    setAttribute(this.#fit, "aria-pressed", String(all));
  }
}
