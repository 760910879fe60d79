/** What a chart shows, in a sentence or two: the canvas' text for who can't see it. */
import { epochName, formatCount, formatShare, formatSteps, formatThreshold, formatValue } from "../format.ts";
import { bucketAt } from "../hub/tile.ts";
import { t } from "../l10n.ts";
import { type Scene, showsCheckpoints } from "./canvas.ts";
import { checkpointsOf } from "./checkpoints.ts";
import { epochsOf } from "./epochs.ts";
import { otherValueAt, valueAt } from "./legend.ts";
import { extremes } from "./lines.ts";
import { marksOf } from "./markers.ts";
import { notesOf } from "./notes.ts";
import { overlayBuckets, overlayLine } from "./overlay.ts";
import { progressOf } from "./progress.ts";
import { type ChartSpec, nameOf } from "./spec.ts";

const TEXT = {
  steps: (from: number, to: number) =>
    from === to ? t("step {0}", formatCount(from)) : t("steps {0} to {1}", formatCount(from), formatCount(to)),
  range: (name: string, low: string, high: string) =>
    low === high ? t("{0}: {1}.", name, low) : t("{0}: {1} to {2}.", name, low, high),
  level: (name: string, value: string) => t("{0}: {1}.", name, value),
  spikes: (n: number) => (n === 1 ? t("{0} spike.", formatCount(n)) : t("{0} spikes.", formatCount(n))),
  restarts: (n: number) => (n === 1 ? t("{0} restart.", formatCount(n)) : t("{0} restarts.", formatCount(n))),
  changes: (n: number) =>
    n === 1
      ? t("The threshold was changed by you in {0} place.", formatCount(n))
      : t("The threshold was changed by you in {0} places.", formatCount(n)),
  skipped: (n: number) => (n === 1 ? t("{0} skipped step.", formatCount(n)) : t("{0} skipped steps.", formatCount(n))),
  notes: (n: number) => (n === 1 ? t("{0} note.", formatCount(n)) : t("{0} notes.", formatCount(n))),
  epochs: (from: number, to: number) => t("Epochs {0} to {1} begin.", formatCount(from), formatCount(to)),
  epoch: (n: number) => t("{0} begins.", epochName(n)),
  checkpoints: (n: number) => (n === 1 ? t("{0} checkpoint.", formatCount(n)) : t("{0} checkpoints.", formatCount(n))),
  saved: (name: string) => t("checkpoint {0}", name),
  nonFinite: (n: number) =>
    n === 1 ? t("NaN or infinite in {0} place.", formatCount(n)) : t("NaN or infinite in {0} places.", formatCount(n)),
};

export function describeChart(spec: ChartSpec, { series, tile, window, events, others }: Scene): string {
  const format = spec.axis === "share" ? formatShare : formatValue;
  const parts = [`${spec.title}, ${TEXT.steps(window.from, window.to)}.`];
  // Of shares the means are what is asked for; of values, those of single steps, which a line of means doesn't show.
  const ofSteps = spec.axis !== "share";
  for (const line of spec.lines) {
    const buckets = line.applies?.(series) === false ? undefined : tile.metrics.get(line.metric);
    const found = buckets && extremes(buckets, ofSteps, false);
    if (found) parts.push(TEXT.range(nameOf(line, series), format(found[0]), format(found[1])));
  }
  for (const other of others) {
    const compared = overlayBuckets(spec, other);
    const found = compared && extremes(compared, ofSteps, false);
    if (found) parts.push(TEXT.range(other.name, format(found[0]), format(found[1])));
  }
  const level = spec.level?.value(series) ?? null;
  if (spec.level && level !== null) parts.push(TEXT.level(spec.level.name, formatThreshold(level)));
  const marks = spec.marks ? marksOf(tile, spec.marks, events) : [];
  const visible = marks.filter(({ step }) => step >= window.from && step <= window.to);
  const count = (kind: string) => visible.filter((mark) => mark.kind === kind).length;
  if (count("spike")) parts.push(TEXT.spikes(count("spike")));
  if (count("skipped")) parts.push(TEXT.skipped(count("skipped")));
  if (count("restart")) parts.push(TEXT.restarts(count("restart")));
  if (count("in-force")) parts.push(TEXT.changes(count("in-force")));
  if (count("non-finite")) parts.push(TEXT.nonFinite(count("non-finite")));
  const isVisible = ({ step }: { readonly step: number }) => step >= window.from && step <= window.to;
  const notes = notesOf(events).filter(isVisible).length;
  if (notes) parts.push(TEXT.notes(notes));
  const epochs = epochsOf(events).filter(isVisible);
  const [first, last] = [epochs[0]?.number, epochs.at(-1)?.number];
  if (first !== undefined && last !== undefined)
    parts.push(first === last ? TEXT.epoch(first) : TEXT.epochs(first, last));
  const checkpoints = showsCheckpoints(spec) ? checkpointsOf(events).filter(isVisible).length : 0;
  if (checkpoints) parts.push(TEXT.checkpoints(checkpoints));
  return parts.join(" ");
}

/** The values under the crosshair. */
export function describeStep(spec: ChartSpec, { series, tile, events, others }: Scene, step: number): string {
  const bucket = bucketAt(tile, step);
  if (bucket < 0) return "";
  const values = spec.lines
    .filter((line) => line.applies?.(series) !== false && tile.metrics.has(line.metric))
    .map((line) => `${nameOf(line, series)} ${valueAt(spec, line, tile, bucket)}`);
  for (const other of others)
    if (overlayLine(spec, other)) values.push(`${other.name} ${otherValueAt(spec, other, step)}`);
  const { epoch, saved } = progressOf(events, tile).at(bucket, step);
  if (epoch !== null) values.push(epochName(epoch));
  if (saved) values.push(TEXT.saved(saved));
  return `${formatSteps(tile.from[bucket]!, tile.to[bucket]!)}: ${values.join(", ")}`;
}
