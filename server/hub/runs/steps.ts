/** What a batch of steps says, as the charts and the monitor want it. */
import type { Batch } from "../../../protocol/batch.ts";
import { SCALAR_NAMES, SCALARS, type Scalar, STEP_FLAGS } from "../../../protocol/scalars.ts";
import { wasClipped } from "../../advice/clip-rate.ts";
import type { ObservedStep } from "../../advice/monitor.ts";
import type { MetricColumn } from "../pyramid/step-pyramid.ts";

export function observedSteps(batch: Batch): ObservedStep[] {
  const valueAt = (name: Scalar, i: number): number | null => {
    const column = batch.scalars[name];
    return column && isPresent(batch, name, i) ? column[i]! : null;
  };
  return Array.from({ length: batch.steps.length }, (_, i) => ({
    step: batch.steps[i]!,
    time: batch.times[i]!,
    normPre: valueAt("norm_pre", i),
    normPost: valueAt("norm_post", i),
    threshold: valueAt("threshold", i),
    loss: valueAt("loss", i),
    skipped: (batch.flags[i]! & STEP_FLAGS.skipped) !== 0,
    byValue: (batch.flags[i]! & STEP_FLAGS.byValue) !== 0,
  }));
}

/** A column for each metric that some step of the batch has. */
export function metricColumns(batch: Batch, observed: readonly ObservedStep[]): MetricColumn[] {
  const columns: MetricColumn[] = [];
  for (const metric of SCALAR_NAMES) {
    const values = batch.scalars[metric];
    if (!values) continue;
    const recorded = new Uint8Array(values.length);
    for (let i = 0; i < recorded.length; i += 1) recorded[i] = isPresent(batch, metric, i) ? 1 : 0;
    if (recorded.includes(1)) columns.push({ metric, values, recorded });
  }
  const clipped = observed.map(wasClipped);
  if (clipped.some((answer) => answer !== null))
    columns.push({
      metric: "clipped",
      values: Float64Array.from(clipped, Number),
      recorded: Uint8Array.from(clipped, (answer) => (answer === null ? 0 : 1)),
    });
  return columns;
}

const isPresent = (batch: Batch, name: Scalar, i: number): boolean =>
  (batch.present[i]! & (1 << SCALARS[name].bit)) !== 0;
