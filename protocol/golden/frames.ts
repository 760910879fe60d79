/** Frames that every reader must accept. */
import { type Column, encodeFrame, type Frame } from "../frame.ts";
import { SCALARS, type Scalar, STEP_FLAGS } from "../scalars.ts";

export interface GoldenFrame {
  readonly file: string;
  readonly about: string;
  readonly frame: Frame;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export const metadata = { protocol: "1", run: "run-1", attempt: "attempt-1", rank: "0", seq: "0", series: "adamw" };

export const i64 = (...steps: number[]): Column => ({
  dtype: "I64",
  shape: [steps.length],
  data: BigInt64Array.from(steps, BigInt),
});
export const f64 = (...values: number[]): Column => ({
  dtype: "F64",
  shape: [values.length],
  data: Float64Array.from(values),
});
export const u32 = (...values: number[]): Column => ({
  dtype: "U32",
  shape: [values.length],
  data: Uint32Array.from(values),
});
export const u8 = (...values: number[]): Column => ({
  dtype: "U8",
  shape: [values.length],
  data: Uint8Array.from(values),
});
export const f32 = (shape: number[], ...values: number[]): Column => ({
  dtype: "F32",
  shape,
  data: Float32Array.from(values),
});

export const bits = (...scalars: Scalar[]): number =>
  scalars.reduce((mask, name) => mask | (1 << SCALARS[name].bit), 0);

const golden = (name: string, about: string, frame: Frame): GoldenFrame => ({
  file: `frames/${name}.safetensors`,
  about,
  frame,
  bytes: encodeFrame(frame),
});

const clipped = bits("norm_pre", "norm_post", "threshold", "loss", "lr");

export const goldenFrames: readonly GoldenFrame[] = [
  golden("scalars", "three steps of a clipped run", {
    metadata,
    columns: {
      step: i64(1, 2, 3),
      time: f64(1_790_000_000.25, 1_790_000_000.5, 1_790_000_000.75),
      norm_pre: f64(0.5, 2, 1.25),
      norm_post: f64(0.5, 1, 1),
      threshold: f64(1, 1, 1),
      loss: f64(2.5, 2.25, 2),
      lr: f64(0.001, 0.001, 0.001),
      present: u32(clipped, clipped, clipped),
      flags: u8(STEP_FLAGS.postDerived, STEP_FLAGS.postDerived, 0),
    },
  }),
  golden("nonfinite", "NaN and both infinities are values; the third step recorded no loss", {
    metadata: { ...metadata, seq: "1" },
    columns: {
      step: i64(4, 5, 6),
      time: f64(1_790_000_001, 1_790_000_001.25, 1_790_000_001.5),
      norm_pre: f64(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
      loss: f64(Number.NaN, 1e308, 0),
      present: u32(bits("norm_pre", "loss"), bits("norm_pre", "loss"), bits("norm_pre")),
      flags: u8(0, STEP_FLAGS.skipped, 0),
    },
  }),
  golden("layers", "two of four steps sampled, three layers, 8-byte columns before 4-byte before 1-byte", {
    metadata: { ...metadata, seq: "2", layers: "table-1" },
    columns: {
      step: i64(7, 8, 9, 10),
      time: f64(1_790_000_002, 1_790_000_003, 1_790_000_004, 1_790_000_005),
      layer_step: i64(7, 9),
      norm_pre: f64(1, 1, 1, 1),
      present: u32(1, 1, 1, 1),
      layer_norm: f32([2, 3], 0.5, 0.25, Number.NaN, 1.5, Number.POSITIVE_INFINITY, 2 ** -149),
      flags: u8(0, 0, 0, 0),
    },
  }),
  golden("groups-and-weights", "three parameter groups; the weights of one of two sampled steps", {
    metadata: { ...metadata, seq: "6", layers: "table-1" },
    columns: {
      step: i64(12, 13),
      time: f64(1_790_000_007, 1_790_000_008),
      layer_step: i64(12, 13),
      weight_step: i64(13),
      lr: f64(0.001, 0.0005),
      group_lr: {
        dtype: "F64",
        shape: [2, 3],
        data: Float64Array.of(0.001, 0.01, Number.NaN, 0.0005, 0.005, Number.NaN),
      },
      present: u32(bits("lr"), bits("lr")),
      layer_norm: f32([2, 2], 0.5, 0.25, 1.5, 2),
      weight_norm: f32([1, 2], 3, 4),
      flags: u8(0, 0),
    },
  }),
  golden("shards", "a rank's shares of norms that are spread; the third step was clipped, so that all know its norm", {
    metadata: { ...metadata, rank: "1", seq: "7" },
    columns: {
      step: i64(14, 15, 16),
      time: f64(1_790_000_009, 1_790_000_010, 1_790_000_011),
      norm_pre: f64(0, 0, 5),
      shard_pre: f64(3, Number.POSITIVE_INFINITY, 0),
      shard_post: f64(1, 0, 0),
      shard_update: f64(0, 0, 0.25),
      shard_weights: f64(0, 0, 12),
      present: u32(
        bits("shard_pre", "shard_post"),
        bits("shard_pre"),
        bits("norm_pre", "shard_update", "shard_weights"),
      ),
      flags: u8(STEP_FLAGS.byValue, 0, 0),
    },
  }),
  golden(
    "layer-shares",
    "a rank's shares of the norms of two layers, one of which it holds nothing of, and of their weights",
    {
      metadata: { ...metadata, rank: "1", seq: "8", layers: "table-1", shares: "1" },
      columns: {
        step: i64(17, 18),
        time: f64(1_790_000_012, 1_790_000_013),
        layer_step: i64(17, 18),
        weight_step: i64(18),
        shard_pre: f64(3, 3),
        present: u32(bits("shard_pre"), bits("shard_pre")),
        layer_norm: f32([2, 2], 3, 0, 3, 0),
        weight_norm: f32([1, 2], 5, 0),
        flags: u8(0, 0),
      },
    },
  ),
  golden("empty", "no step at all", {
    metadata: { ...metadata, seq: "3" },
    columns: { step: i64(), time: f64(), present: u32(), flags: u8() },
  }),
  golden("unicode", "metadata outside ASCII and outside the basic plane, with quotes and markup", {
    metadata: { ...metadata, seq: "4", series: 'Größe 勾配 🔥 "<b>\\n' },
    columns: { step: i64(11), time: f64(1_790_000_006), present: u32(0), flags: u8(0) },
  }),
  golden("large-steps", "steps up to the largest that a double holds exactly", {
    metadata: { ...metadata, rank: "7", seq: "5" },
    columns: {
      step: i64(0, 2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER),
      time: f64(0, 1, 2, 3),
      loss: f64(Number.MIN_VALUE, -Number.MAX_VALUE, 0.1, 1 / 3),
      present: u32(bits("loss"), bits("loss"), bits("loss"), bits("loss")),
      flags: u8(0, 0, 0, 0),
    },
  }),
];
