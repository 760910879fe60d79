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
  const cursors = attempts.map((pyramid) => pyramid.position(from));
  const spans = spansOf(attempts, cursors, to, limit);
  const buckets: Bucket[] = [];
  for (const span of spans) {
    const ends = attempts.map((pyramid, i) => pyramid.position(span.to + 1, cursors[i]));
    if (ends.some((end, i) => end > cursors[i]!)) {
      const summaries = new Map<Metric, Summary>();
      for (const metric of metrics) {
        const summary = emptySummary();
        for (const [i, pyramid] of attempts.entries()) pyramid.summarise(metric, summary, cursors[i]!, ends[i]!);
        summaries.set(metric, summary);
      }
      buckets.push({ ...span, summaries });
    }
    for (const [i, end] of ends.entries()) cursors[i] = end;
  }
  return buckets;
}

function* spansOf(
  attempts: readonly StepPyramid[],
  starts: readonly number[],
  to: number,
  limit: number,
): Generator<Span> {
  const ends = attempts.map((pyramid, i) => pyramid.position(Math.floor(to) + 1, starts[i]));
  const inside = attempts.flatMap((pyramid, i) =>
    ends[i]! > starts[i]! ? [{ pyramid, start: starts[i]!, end: ends[i]! }] : [],
  );
  if (inside.length === 0) return;
  const recorded = inside.reduce((sum, { start, end }) => sum + end - start, 0);
  if (recorded <= limit) {
    const steps = new Set<number>();
    for (const { pyramid, start, end } of inside)
      for (let position = start; position < end; position += 1) steps.add(pyramid.stepAt(position));
    for (const step of [...steps].sort((a, b) => a - b)) yield { from: step, to: step };
    return;
  }
  const first = Math.min(...inside.map(({ pyramid, start }) => pyramid.stepAt(start)));
  const last = Math.max(...inside.map(({ pyramid, end }) => pyramid.stepAt(end - 1)));
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
