/** What a batch of steps says, as the charts and the monitor want it. */
import type { Batch } from "../../../protocol/batch.ts";
import { SCALAR_NAMES, SCALARS, type Scalar, STEP_FLAGS } from "../../../protocol/scalars.ts";
import { wasClipped } from "../../advice/clip-rate.ts";
import type { ObservedStep } from "../../advice/monitor.ts";
import type { MetricColumn } from "../pyramid/step-pyramid.ts";

export function observedSteps(batch: Batch): ObservedStep[] {
  const { steps, times, flags } = batch;
  const [normPre, normPost] = [reader(batch, "norm_pre"), reader(batch, "norm_post")];
  const [threshold, loss] = [reader(batch, "threshold"), reader(batch, "loss")];
  const [learningRate, updateRatio] = [reader(batch, "lr"), reader(batch, "update_ratio")];
  const lossScale = reader(batch, "loss_scale");
  const observed: ObservedStep[] = [];
  for (let i = 0; i < steps.length; i += 1)
    observed.push({
      step: steps[i]!,
      time: times[i]!,
      normPre: normPre(i),
      normPost: normPost(i),
      threshold: threshold(i),
      loss: loss(i),
      learningRate: learningRate(i),
      updateRatio: updateRatio(i),
      lossScale: lossScale(i),
      skipped: (flags[i]! & STEP_FLAGS.skipped) !== 0,
      byValue: (flags[i]! & STEP_FLAGS.byValue) !== 0,
    });
  return observed;
}

/** A column for each metric that some step of the batch has. */
export function metricColumns(batch: Batch, observed: readonly ObservedStep[]): MetricColumn[] {
  const columns: MetricColumn[] = [];
  const { present } = batch;
  for (const metric of SCALAR_NAMES) {
    const values = batch.scalars[metric];
    if (!values) continue;
    const bit = 1 << SCALARS[metric].bit;
    const recorded = new Uint8Array(values.length);
    let any = 0;
    for (let i = 0; i < recorded.length; i += 1) {
      recorded[i] = present[i]! & bit ? 1 : 0;
      any |= recorded[i]!;
    }
    if (any) columns.push({ metric, values, recorded });
  }
  const clipped = clippedColumn(observed);
  if (clipped) columns.push(clipped);
  return columns;
}

/** null where no step can tell. */
function clippedColumn(observed: readonly ObservedStep[]): MetricColumn | null {
  const values = new Float64Array(observed.length);
  const recorded = new Uint8Array(observed.length);
  for (const [i, step] of observed.entries()) {
    const answer = wasClipped(step);
    if (answer === null) continue;
    recorded[i] = 1;
    if (answer) values[i] = 1;
  }
  return recorded.includes(1) ? { metric: "clipped", values, recorded } : null;
}

/** Reads one scalar by row; null where it was not recorded. */
function reader({ present, scalars }: Batch, name: Scalar): (i: number) => number | null {
  const values = scalars[name];
  const bit = 1 << SCALARS[name].bit;
  return (i) => (values && present[i]! & bit ? values[i]! : null);
}
