/** The verdict on the threshold, why, and the button that puts it into the code. */
import "./suggestion.css";
import type { Advice } from "../../protocol/advice.ts";
import type { ChosenKind } from "../../protocol/lsp.ts";
import { fromJsonNumber } from "../../protocol/shape.ts";
import type { CodeLocation } from "../../protocol/telemetry.ts";
import type { RunDetail, SeriesDetail } from "../../protocol/viewer.ts";
import { element, patchList, setAttribute, setHidden, setText } from "../dom.ts";
import { formatThreshold } from "../format.ts";
import { t } from "../l10n.ts";
import { ClipKindView } from "./clip-kind.ts";
import { DiagnosesView } from "./diagnoses.ts";
import { createEvidence, fillEvidence } from "./evidence.ts";
import { adviceOn } from "./kind-advice.ts";
import { OutcomeView, type WriteOutcome } from "./outcome.ts";

/** Below this many steps there is no verdict; see `verdict` in protocol/advice.ts. */
const STEPS_NEEDED = 30;

const TEXT = {
  title: t("Suggested threshold"),
  preliminary: t("Preliminary"),
  preliminaryHint: t("Rests on few steps and may still change."),
  verdicts: {
    "too-few-steps": t("Watching the first steps; a suggestion comes when there are enough"),
    suggest: t("Clip the global norm at"),
    keep: t("Keep the threshold in force"),
    "not-needed": t("Clipping is not needed for stability"),
    converged: t("This run has converged: its norms tell no threshold for a new run"),
    exploding: t("The gradients exploded. Clip the global norm at"),
  } satisfies Record<Advice["verdict"], string>,
  sudden: t(
    "The gradients became NaN or infinite, which clipping does not cure. As a guard against large norms, clip at",
  ),
  explodingWithout: t("The gradients exploded or became NaN"),
  ended: t("The run ended before there were enough steps for a suggestion"),
  uncounted: t("Too few steps have a gradient norm that counts: one that is finite and above 0"),
  write: t("Write to code"),
  writeAnyway: (threshold: number) => t("Write {0} to code anyway", formatThreshold(threshold)),
  clipAnyway: t("Write to code anyway"),
  writing: t("Writing…"),
  beforeClipping: t(
    "Norms above the threshold are no sign that clipping fails: they are those before clipping, which is also what most clipping functions return.",
  ),
  noScript: t("The run did not say which script its steps come from, so there is no code to change."),
};

export interface SuggestionActions {
  write(series: SeriesDetail, threshold: number, kind: ChosenKind): void;
  reveal(location: CodeLocation): void;
}

export class SuggestionView {
  readonly element: HTMLElement;
  readonly #badge = element("span", { class: "badge", title: TEXT.preliminaryHint }, TEXT.preliminary);
  readonly #verdict = element("p", { class: "verdict" });
  readonly #threshold = element("p", { class: "threshold" });
  readonly #progress = element("progress", { max: STEPS_NEEDED, "aria-label": TEXT.title });
  readonly #diagnoses = new DiagnosesView();
  readonly #beforeClipping = element("p", { class: "aside-label before-clipping" }, TEXT.beforeClipping);
  readonly #explanation = element("div", { class: "explanation" });
  readonly #evidence = createEvidence();
  readonly #kind = new ClipKindView();
  readonly #button = element("button", { type: "button", class: "primary", "aria-describedby": "no-script" });
  readonly #noScript = element("p", { id: "no-script", class: "aside-label" }, TEXT.noScript);
  readonly #outcome: OutcomeView;
  readonly #actions: SuggestionActions;
  #write: (() => void) | null = null;

  constructor(actions: SuggestionActions) {
    this.#outcome = new OutcomeView(actions.reveal);
    this.#actions = actions;
    this.#button.addEventListener("click", () => this.#write?.());
    this.element = element(
      "section",
      { class: "panel suggestion", "aria-labelledby": "suggestion-title" },
      element("header", {}, element("h2", { id: "suggestion-title" }, TEXT.title), this.#badge),
      this.#verdict,
      this.#threshold,
      this.#progress,
      element("div", { class: "write" }, this.#kind.element, this.#button, this.#noScript, this.#outcome.element),
      this.#diagnoses.element,
      this.#explanation,
      this.#beforeClipping,
      this.#evidence,
    );
  }

  show(run: RunDetail, series: SeriesDetail, outcome: WriteOutcome | null): void {
    const { advice } = series;
    const { verdict, threshold, inForce, evidence } = advice;
    const waiting = verdict === "too-few-steps";
    // There were steps enough: more of them, or a longer run, would not help.
    const isUncounted = waiting && series.steps >= 2 * STEPS_NEEDED && evidence.steps < series.steps / 2;
    const hasScript = hasCode(run, series);
    const kind = this.#kind.show(`${run.summary.id}/${series.id}`, !waiting && threshold !== null && hasScript, () =>
      this.show(run, series, outcome),
    );
    const other = kind === "norm" ? null : adviceOn(kind, advice, series.optimizer);
    const isOffered = !waiting && verdict !== "not-needed" && verdict !== "converged";
    const norm = verdict === "keep" ? inForce : isOffered ? threshold : null;
    const number = other ? other.number : norm === null ? null : formatThreshold(norm);
    // What is in force is no different, unless it is to be another kind.
    const writable = waiting || (verdict === "keep" && !other) ? null : threshold;
    const { sudden } = evidence;
    const guard = verdict === "keep" || !isOffered || sudden;
    const writing = outcome !== null && outcome.result === null;

    setAttribute(this.element, "data-verdict", verdict);
    // Where there is no number, none may change.
    setHidden(this.#badge, !advice.preliminary || number === null || other !== null);
    setText(
      this.#verdict,
      other
        ? other.headline
        : isUncounted
          ? TEXT.uncounted
          : waiting && run.summary.status !== "running"
            ? TEXT.ended
            : verdict === "exploding" && threshold === null
              ? TEXT.explodingWithout
              : sudden
                ? TEXT.sudden
                : TEXT.verdicts[verdict],
    );
    setHidden(this.#threshold, number === null);
    setText(this.#threshold, number ?? "");
    setHidden(this.#progress, !waiting);
    this.#progress.value = Math.min(evidence.steps, STEPS_NEEDED);
    patchList(this.#explanation, other?.explanation ?? advice.explanation, () => element("p"), setText);
    this.#diagnoses.show(advice.diagnoses);
    setHidden(this.#beforeClipping, waiting || inForce === null || !(fromJsonNumber(evidence.max) > inForce));
    setHidden(this.#evidence, waiting);
    fillEvidence(this.#evidence, advice, other === null);

    const anyway = other ? TEXT.clipAnyway : TEXT.writeAnyway(writable ?? 0);
    setHidden(this.#button, writable === null);
    setText(this.#button, writing ? TEXT.writing : guard ? anyway : TEXT.write);
    setAttribute(this.#button, "class", guard ? "secondary" : "primary");
    setAttribute(this.#button, "aria-disabled", String(!hasScript || writing));
    setHidden(this.#noScript, writable === null || hasScript);
    this.#write = writable === null || !hasScript || writing ? null : () => this.#actions.write(series, writable, kind);
    this.#outcome.show(outcome?.from === "suggestion" ? outcome : null);
  }
}

/** The number that is suggested to runs to come; null where these norms tell none, or not yet. */
export const suggestedBy = ({ verdict, threshold }: Advice): number | null =>
  verdict === "converged" ? null : threshold;

/** Is there code that a threshold can be written into? */
export const hasCode = ({ summary }: RunDetail, { site, clip }: SeriesDetail): boolean =>
  site !== null || clip?.location != null || summary.script !== null;
