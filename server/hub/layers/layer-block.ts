/** What a pyramid of layers is stored in: samples themselves (level 0), or buckets of them (levels from 1 on). */
import { type Column, decodeFrame, encodeFrame, FrameError } from "../../../protocol/frame.ts";
import type { LayerBucket, LayerBuckets } from "./layer-buckets.ts";

export interface LayerBlock {
  /** The first and the last sampled step in it. */
  readonly from: number;
  readonly to: number;
  /** Steps that each of its buckets spans, a power of two; of samples, the widest at which each would have one of its own, 0: none. */
  readonly width: number;
  /** Adds the samples, or the buckets, that lie within `from` ≤ step ≤ `to`. `places`: see LayerBuckets. */
  addTo(buckets: LayerBuckets, places: Int32Array, from: number, to: number): void;
  /** The steps within `from` ≤ step ≤ `to` of buckets that lie beyond these, too. */
  cutBy(from: number, to: number): (readonly [number, number])[];
  encode(): Uint8Array;
}

export class SampleBlock implements LayerBlock {
  readonly from: number;
  readonly to: number;
  private readonly steps: Float64Array;
  /** [samples, layers], row-major. */
  private readonly values: Float32Array;

  /** Of one sample at least. */
  constructor(steps: Float64Array, values: Float32Array) {
    this.steps = steps;
    this.values = values;
    this.from = steps.reduce((least, step) => Math.min(least, step));
    this.to = steps.reduce((most, step) => Math.max(most, step));
  }

  get width(): number {
    const { steps } = this;
    const isDistinct = (width: number) => new Set(steps.map((step) => Math.floor(step / width))).size === steps.length;
    if (!isDistinct(1)) return 0;
    let width = 1;
    while (steps.length > 1 && isDistinct(2 * width)) width *= 2;
    return width;
  }

  addTo(buckets: LayerBuckets, places: Int32Array, from: number, to: number): void {
    const layers = this.values.length / this.steps.length;
    for (const [i, step] of this.steps.entries())
      if (step >= from && step <= to) buckets.add(step, this.values, i * layers, places);
  }

  cutBy(): [] {
    return [];
  }

  encode(): Uint8Array {
    const { steps, values } = this;
    return encodeFrame({
      metadata: {},
      columns: { step: f64(steps), norm: { dtype: "F32", shape: [values.length], data: values } },
    });
  }

  /** @throws {FrameError} where the bytes are no such block */
  static decode(bytes: Uint8Array): SampleBlock {
    const { step, norm } = decodeFrame(bytes).columns;
    if (step?.dtype !== "F64" || norm?.dtype !== "F32" || step.data.length === 0) throw new FrameError("no samples");
    return new SampleBlock(step.data, norm.data);
  }
}

export class BucketBlock implements LayerBlock {
  readonly width: number;
  private readonly buckets: readonly LayerBucket[];

  /** In the order of their steps, one at least. */
  constructor(buckets: readonly LayerBucket[], width: number) {
    this.buckets = buckets;
    this.width = width;
  }

  get from(): number {
    return this.buckets[0]!.from;
  }

  get to(): number {
    return this.buckets.at(-1)!.to;
  }

  addTo(buckets: LayerBuckets, places: Int32Array, from: number, to: number): void {
    for (const bucket of this.buckets) if (bucket.from >= from && bucket.to <= to) buckets.merge(bucket, places);
  }

  cutBy(from: number, to: number): (readonly [number, number])[] {
    return this.buckets
      .filter((bucket) => bucket.from <= to && bucket.to >= from && (bucket.from < from || bucket.to > to))
      .map((bucket) => [Math.max(from, bucket.from), Math.min(to, bucket.to)]);
  }

  encode(): Uint8Array {
    const { buckets, width } = this;
    const rows = buckets[0]!.sum.length;
    const join = <A extends Float32Array | Float64Array | Uint32Array>(
      joined: A,
      part: (of: LayerBucket) => ArrayLike<number>,
    ) => {
      for (const [i, bucket] of buckets.entries()) joined.set(part(bucket), i * rows);
      return joined;
    };
    const shape = [buckets.length, rows];
    const cells = buckets.length * rows;
    return encodeFrame({
      metadata: { width: String(width) },
      columns: {
        from: f64(Float64Array.from(buckets, ({ from }) => from)),
        to: f64(Float64Array.from(buckets, ({ to }) => to)),
        sum: { dtype: "F64", shape, data: join(new Float64Array(cells), ({ sum }) => sum) },
        // As exact as the samples, which are of single precision.
        min: { dtype: "F32", shape, data: join(new Float32Array(cells), ({ min }) => min) },
        max: { dtype: "F32", shape, data: join(new Float32Array(cells), ({ max }) => max) },
        count: { dtype: "U32", shape, data: join(new Uint32Array(cells), ({ count }) => count) },
        nonfinite: { dtype: "U32", shape, data: join(new Uint32Array(cells), ({ nonfinite }) => nonfinite) },
      },
    });
  }

  /** @throws {FrameError} where the bytes are no such block */
  static decode(bytes: Uint8Array): BucketBlock {
    const { metadata, columns } = decodeFrame(bytes);
    const { from, to, sum, min, max, count, nonfinite } = columns;
    const isWhole =
      from?.dtype === "F64" &&
      to?.dtype === "F64" &&
      sum?.dtype === "F64" &&
      min?.dtype === "F32" &&
      max?.dtype === "F32" &&
      count?.dtype === "U32" &&
      nonfinite?.dtype === "U32";
    if (!isWhole || from.data.length === 0) throw new FrameError("no buckets");
    const rows = sum.data.length / from.data.length;
    const buckets = Array.from(from.data, (first, i) => {
      const [start, end] = [i * rows, (i + 1) * rows];
      return {
        from: first,
        to: to.data[i]!,
        min: min.data.subarray(start, end),
        max: max.data.subarray(start, end),
        sum: sum.data.subarray(start, end),
        count: count.data.subarray(start, end),
        nonfinite: nonfinite.data.subarray(start, end),
      };
    });
    return new BucketBlock(buckets, Number(metadata.width));
  }
}

const f64 = (data: Float64Array): Column => ({ dtype: "F64", shape: [data.length], data });
