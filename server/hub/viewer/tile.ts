import type { Column, Frame } from "../../../protocol/frame.ts";
import { PROTOCOL_VERSION } from "../../../protocol/version.ts";
import type { Metric, ViewerRequest } from "../../../protocol/viewer.ts";
import type { Summary } from "../pyramid/level.ts";
import type { SeriesModel } from "../runs/series-model.ts";

export const MOST_BUCKETS = 20_000;

type TileRequest = Extract<ViewerRequest, { method: "tile" }>;

/** The answer to a tile request, as protocol/viewer.ts describes it. */
export function tileOf(series: SeriesModel, request: TileRequest): Frame {
  const { id, run, metrics, from, to } = request;
  const buckets = series.buckets(metrics, from, to, request.buckets);
  const columns: Record<string, Column> = {
    from: f64(buckets.map((bucket) => bucket.from)),
    to: f64(buckets.map((bucket) => bucket.to)),
  };
  for (const metric of metrics) {
    const summaries = buckets.map((bucket) => bucket.summaries.get(metric)!);
    if (summaries.some(({ count, nonfinite }) => count + nonfinite > 0))
      Object.assign(columns, named(metric, summaries));
  }
  return {
    metadata: { protocol: String(PROTOCOL_VERSION), reply: String(id), run, series: request.series },
    columns,
  };
}

function named(metric: Metric, summaries: readonly Summary[]): Record<string, Column> {
  const orNaN = (value: number, count: number) => (count === 0 ? Number.NaN : value);
  return {
    [`${metric}.min`]: f64(summaries.map(({ min, count }) => orNaN(min, count))),
    [`${metric}.max`]: f64(summaries.map(({ max, count }) => orNaN(max, count))),
    [`${metric}.mean`]: f64(summaries.map(({ sum, count }) => orNaN(sum / count, count))),
    [`${metric}.last`]: f64(summaries.map(({ last }) => last)),
    [`${metric}.count`]: u32(summaries.map(({ count }) => count)),
    [`${metric}.nonfinite`]: u32(summaries.map(({ nonfinite }) => nonfinite)),
  };
}

const f64 = (values: number[]): Column => ({ dtype: "F64", shape: [values.length], data: Float64Array.from(values) });
const u32 = (values: number[]): Column => ({ dtype: "U32", shape: [values.length], data: Uint32Array.from(values) });
