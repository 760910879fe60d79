import type { Frame } from "../../../protocol/frame.ts";
import { PROTOCOL_VERSION } from "../../../protocol/version.ts";
import type { ViewerRequest } from "../../../protocol/viewer.ts";
import type { LayerWindow } from "../layers/layer-window.ts";

type LayersRequest = Extract<ViewerRequest, { method: "layers" }>;

/** The answer to a request for layers, as protocol/viewer.ts describes it. */
export function layersOf(window: LayerWindow, { id, run, series, metric }: LayersRequest): Frame {
  const { names, first, total, buckets } = window;
  const cells = names.length * buckets.length;
  const [min, max, mean] = [new Float32Array(cells), new Float32Array(cells), new Float32Array(cells)];
  const [count, nonfinite] = [new Uint32Array(cells), new Uint32Array(cells)];
  for (const [column, bucket] of buckets.entries())
    for (let row = 0; row < names.length; row += 1) {
      const cell = row * buckets.length + column;
      const n = bucket.count[row]!;
      min[cell] = n === 0 ? Number.NaN : bucket.min[row]!;
      max[cell] = n === 0 ? Number.NaN : bucket.max[row]!;
      mean[cell] = bucket.sum[row]! / n;
      count[cell] = n;
      nonfinite[cell] = bucket.nonfinite[row]!;
    }
  const shape = [names.length, buckets.length];
  const text = new TextEncoder().encode(JSON.stringify(names));
  return {
    metadata: {
      protocol: String(PROTOCOL_VERSION),
      reply: String(id),
      run,
      series,
      metric,
      rows: String(first),
      layers: String(total),
    },
    columns: {
      from: { dtype: "F64", shape: [buckets.length], data: Float64Array.from(buckets, ({ from }) => from) },
      to: { dtype: "F64", shape: [buckets.length], data: Float64Array.from(buckets, ({ to }) => to) },
      min: { dtype: "F32", shape, data: min },
      max: { dtype: "F32", shape, data: max },
      mean: { dtype: "F32", shape, data: mean },
      count: { dtype: "U32", shape, data: count },
      nonfinite: { dtype: "U32", shape, data: nonfinite },
      names: { dtype: "U8", shape: [text.length], data: text },
    },
  };
}
