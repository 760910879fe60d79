/** The threshold of a run that is under way, for the user to change; only for a run that was started so that it may be. */
import "./live-control.css";
import type { Advice } from "../../protocol/advice.ts";
import type { AskedThreshold } from "../../protocol/control.ts";
import type { RunDetail, SeriesDetail } from "../../protocol/viewer.ts";
import type { ToDashboard } from "../../protocol/webview.ts";
import { element, setAttribute, setHidden, setText } from "../dom.ts";
import { formatCount, formatThreshold } from "../format.ts";
import { t } from "../l10n.ts";

export type ControlResult = Extract<ToDashboard, { type: "controlled" }>;
export interface ControlOutcome {
  readonly id: number;
  readonly threshold: AskedThreshold;
  /** null: under way. */
  readonly result: ControlResult | null;
}

const TEXT = {
  title: t("Live control"),
  hint: t("What you change here holds for the training that is running, from its next update on."),
  ofScript: t("In force: what the script says."),
  ofScriptAt: (threshold: string) => t("In force: what the script says, {0}.", threshold),
  set: (threshold: string, step: number) => t("In force: {0}, set by you at step {1}.", threshold, formatCount(step)),
  off: (step: number) => t("Clipping is off, switched off by you at step {0}.", formatCount(step)),
  pending: {
    set: (threshold: string) => t("Changing to {0} after the update that is under way…", threshold),
    off: t("Switching clipping off after the update that is under way…"),
    script: t("Going back to the script's threshold after the update that is under way…"),
  },
  /** The user, where this window has not asked yet; then the hub. */
  asking: t("Asking for the change…"),
  labels: {
    norm: t("New threshold"),
    value: t("New bound for each value"),
    other: t("New threshold for each parameter"),
  },
  invalid: t("Enter a number above 0."),
  change: t("Change"),
  suggested: (threshold: number) => t("Apply the suggested {0}", formatThreshold(threshold)),
  fine: (threshold: number) =>
    t(
      "These norms suggest {0}, no better than what is in force: there is nothing to apply.",
      formatThreshold(threshold),
    ),
  switchOff: t("Switch clipping off"),
  giveBack: t("Back to the script's"),
  done: t("Changed."),
  refused: (reason: string) => t("Not changed: {0}", reason),
  unknown: t("the editor gave no reason"),
};

/** Verdicts whose threshold is worth having in place of the one in force. */
const APPLICABLE: ReadonlySet<Advice["verdict"]> = new Set(["suggest", "exploding"]);

export class LiveControlView {
  readonly element: HTMLElement;
  readonly #state = element("p", { class: "state", "aria-live": "polite" });
  readonly #refusal = element("p", { class: "aside-label", id: "control-refusal" });
  readonly #label = element("label", { for: "control-threshold" });
  readonly #input = element("input", {
    id: "control-threshold",
    type: "text",
    inputmode: "decimal",
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": "control-invalid",
  });
  readonly #invalid = element("p", { class: "invalid", id: "control-invalid", role: "alert" });
  readonly #fine = element("p", { class: "aside-label" });
  readonly #change = element("button", { type: "button", class: "secondary" }, TEXT.change);
  readonly #suggested = element("button", { type: "button", class: "secondary" });
  readonly #off = element("button", { type: "button", class: "secondary" }, TEXT.switchOff);
  readonly #back = element("button", { type: "button", class: "secondary" }, TEXT.giveBack);
  readonly #controls: HTMLElement;
  readonly #outcome = element("p", { class: "outcome", "aria-live": "polite" });
  readonly #ask: (series: SeriesDetail, threshold: AskedThreshold) => void;
  #series: SeriesDetail | null = null;
  #suggestion: number | null = null;
  #isBusy = false;

  constructor(ask: (series: SeriesDetail, threshold: AskedThreshold) => void) {
    this.#ask = ask;
    this.#change.addEventListener("click", () => this.#changeToInput());
    this.#input.addEventListener("keydown", ({ key }) => key === "Enter" && this.#changeToInput());
    this.#input.addEventListener("input", () => this.#complain(false));
    this.#suggested.addEventListener("click", () => this.#suggestion !== null && this.#set(this.#suggestion));
    this.#off.addEventListener("click", () => this.#set("off"));
    this.#back.addEventListener("click", () => this.#set("script"));
    this.#controls = element(
      "div",
      { class: "controls" },
      element("div", { class: "number" }, this.#label, this.#input, this.#change),
      this.#invalid,
      this.#fine,
      element("div", { class: "buttons" }, this.#suggested, this.#off, this.#back),
    );
    this.#complain(false);
    this.element = element(
      "section",
      { class: "panel live-control", "aria-labelledby": "control-title" },
      element("header", {}, element("h2", { id: "control-title" }, TEXT.title)),
      this.#state,
      element("p", { class: "aside-label" }, TEXT.hint),
      this.#refusal,
      this.#controls,
      this.#outcome,
    );
  }

  show(run: RunDetail, series: SeriesDetail, outcome: ControlOutcome | null): void {
    const { control } = run;
    setHidden(this.element, control === null);
    if (control === null) return;
    if (this.#series?.id !== series.id) this.#complain(false);
    this.#series = series;
    const refusal = Object.hasOwn(control.refusals, series.id) ? control.refusals[series.id]! : null;
    const override = control.overrides.find((one) => one.series === series.id) ?? null;
    const pending = control.pending.find((one) => one.series === series.id) ?? null;
    const asking = outcome !== null && outcome.result === null && pending === null;
    this.#isBusy = pending !== null || asking;
    const kind = series.clip?.kind ?? "norm";
    const byNorm = kind === "norm";
    const { verdict, inForce, threshold } = series.advice;
    this.#suggestion = byNorm && APPLICABLE.has(verdict) && threshold !== inForce ? threshold : null;

    const own = inForce === null || !byNorm ? TEXT.ofScript : TEXT.ofScriptAt(formatThreshold(inForce));
    setText(
      this.#state,
      pending ? pendingText(pending.threshold) : asking ? TEXT.asking : override ? overrideText(override) : own,
    );
    setAttribute(this.#state, "data-pending", this.#isBusy);
    setText(this.#refusal, refusal ?? "");
    setHidden(this.#refusal, refusal === null);
    setText(this.#label, TEXT.labels[kind === "adaptive" ? "other" : kind]);
    setAttribute(this.#input, "disabled", refusal !== null);
    setHidden(this.#suggested, this.#suggestion === null);
    setText(this.#suggested, this.#suggestion === null ? "" : TEXT.suggested(this.#suggestion));
    const fine = verdict === "keep" && threshold !== null ? TEXT.fine(threshold) : "";
    setText(this.#fine, fine);
    setHidden(this.#fine, fine === "");
    this.#enable(this.#change, refusal === null);
    this.#enable(this.#suggested, refusal === null);
    this.#enable(this.#off, refusal === null && override?.threshold !== "off");
    this.#enable(this.#back, refusal === null && override !== null);
    const result = outcome?.result ?? null;
    setAttribute(this.#outcome, "data-ok", result && result.outcome !== "cancelled" ? result.outcome === "done" : null);
    setText(this.#outcome, result ? resultText(result) : "");
  }

  #enable(button: HTMLElement, can: boolean): void {
    setAttribute(button, "aria-disabled", String(!can || this.#isBusy));
    setAttribute(button, "aria-describedby", can ? null : "control-refusal");
  }

  #set(threshold: AskedThreshold, button: HTMLElement = this.#buttonOf(threshold)): void {
    if (this.#series && button.getAttribute("aria-disabled") !== "true") this.#ask(this.#series, threshold);
  }

  #buttonOf(threshold: AskedThreshold): HTMLElement {
    return threshold === "off" ? this.#off : threshold === "script" ? this.#back : this.#suggested;
  }

  #changeToInput(): void {
    const text = this.#input.value.trim();
    const threshold = Number(text);
    const isSound = text !== "" && Number.isFinite(threshold) && threshold > 0;
    this.#complain(!isSound);
    if (isSound) this.#set(threshold, this.#change);
    else this.#input.focus();
  }

  #complain(wrong: boolean): void {
    setText(this.#invalid, wrong ? TEXT.invalid : "");
    setAttribute(this.#input, "aria-invalid", wrong ? "true" : null);
  }
}

const pendingText = (threshold: AskedThreshold): string =>
  typeof threshold === "number" ? TEXT.pending.set(formatThreshold(threshold)) : TEXT.pending[threshold];

const overrideText = ({ threshold, since }: { threshold: number | "off"; since: number }): string =>
  threshold === "off" ? TEXT.off(since) : TEXT.set(formatThreshold(threshold), since);

function resultText({ outcome, reason }: ControlResult): string {
  if (outcome === "cancelled") return "";
  return outcome === "done" ? TEXT.done : TEXT.refused(reason ?? TEXT.unknown);
}
