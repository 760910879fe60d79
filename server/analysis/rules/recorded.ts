/** What recorded runs say of a finding, in words, and what it changes. */
import type { Diagnosis, DiagnosisKind } from "../../../protocol/advice.ts";
import { formatCount, formatNumber } from "../../advice/format.ts";
import type { Severity } from "../finding.ts";
import type { ObservedRun } from "../observed-run.ts";

const ORDER: readonly Severity[] = ["hint", "information", "warning", "error"];

export const raised = (severity: Severity): Severity => ORDER[Math.min(ORDER.indexOf(severity) + 1, 3)]!;
export const lowered = (severity: Severity): Severity => ORDER[Math.max(ORDER.indexOf(severity) - 1, 0)]!;
export const atLeast = (severity: Severity, other: Severity): Severity =>
  ORDER.indexOf(severity) < ORDER.indexOf(other) ? other : severity;

/** The newest explosion that no later run has come beyond. Newest first. */
export function standingExplosion(runs: readonly ObservedRun[]): ObservedRun | null {
  const found = runs.findIndex(({ explosion }) => explosion !== null);
  const run = runs[found];
  if (!run) return null;
  const later = runs.slice(0, found).filter((other) => other.run !== run.run);
  return later.some(({ lastStep }) => lastStep > run.explosion!.after) ? null : run;
}

/** "a run on 20 November", "a run of an older version of this file on 20 November". */
export const nameOf = ({ older, date }: ObservedRun): string =>
  `a run ${older ? "of an older version of this file " : ""}on ${date}`;

/** A sentence. */
export function tellExplosion(run: ObservedRun, where = " here"): string {
  const { after, norm, nonFinite } = run.explosion!;
  const end = nonFinite ? ", then to NaN or infinity" : "";
  return `${capitalised(nameOf(run))} exploded${where} after step ${formatCount(after)}: the norm rose from a median of ${formatNumber(run.median)} to ${formatNumber(norm)}${end}.`;
}

/** A sentence. */
export const tellCalm = (run: ObservedRun): string =>
  `Not needed for stability so far: in ${formatCount(run.steps)} steps of ${nameOf(run)} the largest norm was ${formatNumber(run.max / run.median)} times the median.`;

export const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Of one run, for a list of them. */
export function tellInShort(run: ObservedRun): string {
  const { steps, median, p99, max, explosion, sudden, converged, date, older, link } = run;
  const when = `${link ? `[${date}](${link})` : date}${older ? ", an older version of this file" : ""}`;
  const norms = `median norm ${formatNumber(median)}, 99% under ${formatNumber(p99)}, the largest ${formatNumber(max)}`;
  const end = explosion
    ? `; exploded after step ${formatCount(explosion.after)}, to a norm of ${formatNumber(explosion.norm)}`
    : sudden
      ? "; became NaN or infinite all at once"
      : converged
        ? "; converged: no threshold for a new run can be told from these norms"
        : "";
  return `Run of ${when}: ${formatCount(steps)} steps, ${norms}${end}`;
}

const DIAGNOSES: Readonly<Record<DiagnosisKind, string>> = {
  "hot-learning-rate": "The learning rate is too high",
  vanishing: "The gradients vanish on their way to the first layers",
  "no-gradient": "No parameter gets a gradient",
  dead: "Some parameters get no gradient",
  "bad-batch": "One bad batch",
  overflow: "The gradients overflow at any loss scale",
  "over-clipping": "The clipping is too strong",
  inactive: "The clipping is inactive so far",
};

/** What, how sure, on what it rests and what to do next. */
export function tellDiagnosis({ kind, confidence, firstStep, lastStep, evidence, next }: Diagnosis): string {
  const steps =
    firstStep === lastStep
      ? `step ${formatCount(firstStep)}`
      : `steps ${formatCount(firstStep)} to ${formatCount(lastStep)}`;
  return `**${DIAGNOSES[kind]}** (${confidence}, ${steps}). ${evidence} ${next}`;
}
