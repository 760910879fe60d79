/** A training that waits, before an update that is not finite, for the user to say how it goes on. */
import "./pause.css";
import type { Proceeding } from "../../protocol/control.ts";
import type { RunDetail } from "../../protocol/viewer.ts";
import { element, setAttribute, setHidden, setText } from "../dom.ts";
import { t } from "../l10n.ts";
import { createIcon } from "./icon.ts";
import type { ControlResult } from "./live-control.ts";

const TEXT = {
  waits: t("The training waits for you."),
  actions: {
    skip: t("Skip this update"),
    apply: t("Apply it all the same"),
    stop: t("Stop the training"),
  } satisfies Record<Proceeding, string>,
  refused: (reason: string) => t("Nothing was done: {0}", reason),
  unskippable: t("This optimizer can't leave an update out."),
};
const ACTIONS = ["skip", "apply", "stop"] as const satisfies readonly Proceeding[];

export class PauseView {
  readonly element: HTMLElement;
  readonly #text = element("span");
  readonly #hint = element("p", { class: "aside-label", id: "pause-hint" }, TEXT.unskippable);
  readonly #outcome = element("p", { class: "outcome", "aria-live": "polite" });
  readonly #buttons: Record<Proceeding, HTMLButtonElement>;
  #step: number | null = null;

  constructor(proceed: (step: number, action: Proceeding) => void) {
    const button = (action: Proceeding) => {
      const node = element(
        "button",
        { type: "button", class: action === "skip" ? "primary" : "secondary" },
        TEXT.actions[action],
      );
      node.addEventListener("click", () => {
        if (this.#step === null || node.getAttribute("aria-disabled") === "true") return;
        setText(this.#outcome, "");
        proceed(this.#step, action);
      });
      return node;
    };
    this.#buttons = { skip: button("skip"), apply: button("apply"), stop: button("stop") };
    this.element = element(
      "div",
      { class: "panel pause" },
      element("p", { role: "alert" }, createIcon("warning"), this.#text),
      element("div", { class: "buttons" }, ...ACTIONS.map((action) => this.#buttons[action])),
      this.#hint,
      this.#outcome,
    );
    setHidden(this.element, true);
  }

  answered({ outcome, reason }: ControlResult): void {
    setAttribute(this.#outcome, "data-ok", outcome === "refused" ? "false" : null);
    setText(this.#outcome, outcome === "refused" ? TEXT.refused(reason ?? "") : "");
  }

  show(run: RunDetail | null): void {
    const paused = run?.control?.paused ?? null;
    if (paused?.step !== this.#step) setText(this.#outcome, "");
    this.#step = paused?.step ?? null;
    setHidden(this.element, paused === null);
    setText(this.#text, paused === null ? "" : `${paused.message} ${TEXT.waits}`);
    const unskippable = paused !== null && !paused.canSkip;
    setAttribute(this.#buttons.skip, "aria-disabled", String(unskippable));
    setAttribute(this.#buttons.skip, "aria-describedby", unskippable ? "pause-hint" : null);
    setHidden(this.#hint, !unskippable);
  }
}
