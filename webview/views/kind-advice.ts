/** What is said of clipping otherwise than by the global norm: at which number, why that one, and what it does to an update. */
import type { Advice } from "../../protocol/advice.ts";
import type { ChosenKind } from "../../protocol/lsp.ts";
import { fromJsonNumber } from "../../protocol/shape.ts";
import { formatCount, formatThreshold } from "../format.ts";
import { t } from "../l10n.ts";

type OtherKind = Exclude<ChosenKind, "norm">;

interface KindText {
  readonly headline: string;
  readonly number: (advice: Advice) => string;
  readonly reasons: (advice: Advice) => readonly string[];
  /** What the optimizer makes of it: one that undoes a constant factor, one whose step is in proportion, or any. */
  readonly invariant: (optimizer: string) => string;
  readonly proportional: (optimizer: string) => string;
  readonly unknown: string;
}

/** The numbers are those that "Write to code" writes: `CONVENTION` in the server's `choose-kind.ts`. */
const TEXT: Readonly<Record<OtherKind, KindText>> = {
  value: {
    headline: t("Cut each component of the gradients off at"),
    number: () => "0.5",
    reasons: () => [
      t("0.5 is a convention: the norms that were recorded can't tell a bound for single components."),
      t("It changes the gradient's direction, which clipping the global norm keeps."),
    ],
    invariant: (optimizer) =>
      t(
        "{0} doesn't care how large gradients are as a whole, but this also changes how large their components are beside each other.",
        optimizer,
      ),
    proportional: (optimizer) =>
      t(
        "{0} takes steps in proportion to the gradient, so this bounds how far a step moves each single weight, whatever the others do.",
        optimizer,
      ),
    unknown: t(
      "Under SGD it bounds how far a step moves each single weight; Adam and its kin set the size of a step themselves.",
    ),
  },
  adaptive: {
    headline: t("Bound each unit's gradient by the norm of its weights, times"),
    number: () => "0.01",
    reasons: () => [
      t(
        "0.01 is the factor of its paper, which leaves the last layer out; it was made for networks without normalization. The norms that were recorded can't tell another.",
      ),
      t(
        "It changes the gradient's direction, since each unit is clipped by itself; clipping the global norm keeps it.",
      ),
    ],
    invariant: (optimizer) =>
      t(
        "{0} sets the size of a step itself, however large the gradient is: this doesn't bound how far a unit moves, only how much one step's gradient counts beside those of others.",
        optimizer,
      ),
    proportional: (optimizer) =>
      t(
        "{0} takes steps in proportion to the gradient, so this bounds how far a step moves a unit, by a share of its weights.",
        optimizer,
      ),
    unknown: t(
      "Under SGD it bounds how far a step moves a unit, by a share of its weights; Adam and its kin set the size of a step themselves.",
    ),
  },
  autoclip: {
    headline: t("Clip the global norm at the median of all norms so far, by now"),
    number: ({ evidence }) => formatThreshold(Number(fromJsonNumber(evidence.median).toPrecision(2))),
    reasons: ({ evidence }) => [
      t(
        "The median of {0} steps, which the script follows from then on, instead of a fixed number: about half of the steps are clipped while norms keep their level.",
        formatCount(evidence.steps),
      ),
      t("The 10th percentile, its paper's, is the safest, but clips too much when norms grow."),
      t("It keeps the gradient's direction."),
    ],
    invariant: (optimizer) =>
      t(
        "{0} doesn't care how large gradients are, only how they differ from step to step: the larger half are made alike.",
        optimizer,
      ),
    proportional: (optimizer) =>
      t(
        "{0} takes steps in proportion to the gradient, so it also acts as a smaller learning rate on half of them.",
        optimizer,
      ),
    unknown: t(
      "Under SGD it also acts as a smaller learning rate on half of the steps; Adam and its kin hardly notice.",
    ),
  },
};

/** What has to be known first, whatever the kind. */
const SITUATIONS: Readonly<Partial<Record<Advice["verdict"], string>>> = {
  keep: t("The threshold in force may stay."),
  "not-needed": t("Clipping is not needed for stability."),
  converged: t("This run has converged."),
  exploding: t("The gradients exploded."),
};
const SUDDEN = t("The gradients became NaN or infinite, which clipping does not cure.");

export interface KindAdvice {
  readonly headline: string;
  readonly number: string;
  /** Plain sentences, most important first. */
  readonly explanation: readonly string[];
}

/** `optimizer`: its class, as it would be imported. */
export function adviceOn(kind: OtherKind, advice: Advice, optimizer: string | null): KindAdvice {
  const { headline, number, reasons, invariant, proportional, unknown } = TEXT[kind];
  const { verdict, scaleInvariant, evidence } = advice;
  const situation = evidence.sudden ? SUDDEN : SITUATIONS[verdict];
  const name = optimizer?.slice(optimizer.lastIndexOf(".") + 1);
  const effect = !name || scaleInvariant === null ? unknown : (scaleInvariant ? invariant : proportional)(name);
  return {
    headline: situation ? `${situation} ${headline}` : headline,
    number: number(advice),
    explanation: [...reasons(advice), effect],
  };
}
