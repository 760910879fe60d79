import type { Metric } from "../../../protocol/viewer.ts";
import { emptySummary, type Summary } from "./level.ts";
import type { StepPyramid } from "./step-pyramid.ts";

export interface Bucket {
  /** Steps, inclusive. */
  readonly from: number;
  readonly to: number;
  readonly summaries: ReadonlyMap<Metric, Summary>;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * A window of a series, over all of its attempts, in at most `limit` buckets; stretches without steps have none. Where
 * attempts overlap (a resume from a checkpoint), a bucket counts them all, and its last value is the newest attempt's.
 */
export function bucketsOf(
  attempts: readonly StepPyramid[],
  metrics: readonly Metric[],
  from: number,
  to: number,
  limit: number,
): Bucket[] {
  const buckets: Bucket[] = [];
  for (const span of spansOf(attempts, from, to, limit)) {
    const pieces = attempts.flatMap((pyramid) =>
      [...pyramid.pieces(span.from, span.to)].map((piece) => ({ pyramid, piece })),
    );
    if (pieces.length === 0) continue;
    const summaries = new Map<Metric, Summary>();
    for (const metric of metrics) {
      const summary = emptySummary();
      for (const { pyramid, piece } of pieces) pyramid.summarise(metric, summary, piece);
      summaries.set(metric, summary);
    }
    buckets.push({ ...span, summaries });
  }
  return buckets;
}

function* spansOf(attempts: readonly StepPyramid[], from: number, to: number, limit: number): Generator<Span> {
  const extents = attempts.map((pyramid) => pyramid.extentOf(from, to)).filter(({ steps }) => steps > 0);
  if (extents.length === 0) return;
  if (extents.reduce((sum, { steps }) => sum + steps, 0) <= limit) {
    const steps = new Set(attempts.flatMap((pyramid) => [...pyramid.stepsOf(from, to)]));
    for (const step of [...steps].sort((a, b) => a - b)) yield { from: step, to: step };
    return;
  }
  const first = Math.min(...extents.map((extent) => extent.first));
  const last = Math.max(...extents.map((extent) => extent.last));
  const width = widthFor(first, last, limit);
  for (let start = Math.floor(first / width) * width; start <= last; start += width)
    yield { from: Math.max(start, first), to: Math.min(start + width - 1, last) };
}

/**
 * Bucket edges are multiples of a width that is one of few (1, 2, 3, 4, 6, 8, 12, …), so that they stay where they are
 * while a run grows or a window moves, and the chart doesn't shimmer.
 */
function widthFor(first: number, last: number, limit: number): number {
  const fits = (width: number) => Math.floor(last / width) - Math.floor(first / width) < limit;
  for (let power = 1; ; power *= 2) {
    if (fits(power)) return power;
    if (power > 1 && fits(power * 1.5)) return power * 1.5;
  }
}
