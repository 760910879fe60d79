/** What the hub accepts as a batch of steps: a sound {@link ./frame.ts frame} whose content keeps the promises of telemetry.ts. */
import { type Column, type Dtype, type Frame, FrameError } from "./frame.ts";
import { SCALAR_NAMES, SCALARS, type Scalar } from "./scalars.ts";
import { PROTOCOL_VERSION } from "./version.ts";

export interface Batch {
  readonly run: string;
  readonly attempt: string;
  readonly rank: number;
  readonly seq: number;
  readonly series: string;
  /** Strictly increasing, each a whole number ≥ 0 that a double holds exactly. */
  readonly steps: Float64Array;
  readonly times: Float64Array;
  readonly present: Uint32Array;
  readonly flags: Uint8Array;
  /** Values of the scalars that the frame has; a value counts only where its bit in `present` is set. */
  readonly scalars: Readonly<Partial<Record<Scalar, Float64Array>>>;
  /** Learning rates [steps, groups], row-major, where there are several parameter groups. */
  readonly groupRates: Float64Array | null;
  readonly layers: LayerSamples | null;
}

export interface LayerSamples {
  readonly table: string;
  /** Whether the norms are but this rank's shares of them (scalars.ts). */
  readonly areShares: boolean;
  /** How many layers the table has, by the samples. */
  readonly width: number;
  /** Of the gradients. */
  readonly norms: Samples;
  /** Of the weights; fewer steps, as a rule. */
  readonly weights: Samples | null;
}

export interface Samples {
  readonly steps: Float64Array;
  /** [samples, width], row-major. */
  readonly values: Float32Array;
}

type DataOf = { [C in Column as C["dtype"]]: C["data"] };

const MAX_ID = 64;

/** @throws {FrameError} at the first promise that is broken */
export function readBatch({ metadata, columns }: Frame): Batch {
  if (metadata.protocol !== String(PROTOCOL_VERSION)) throw new FrameError(`protocol is not ${PROTOCOL_VERSION}`);
  const steps = stepsOf(columns.step, "step");
  const n = steps.length;
  const times = vector(columns.time, "time", "F64", n);
  if (!times.every(Number.isFinite)) throw new FrameError("time: not finite");
  const present = vector(columns.present, "present", "U32", n);
  const flags = vector(columns.flags, "flags", "U8", n);
  let anywhere = 0;
  for (const bits of present) anywhere |= bits;
  const scalars: Partial<Record<Scalar, Float64Array>> = {};
  for (const name of SCALAR_NAMES) {
    const column = columns[name];
    if (column) scalars[name] = vector(column, name, "F64", n);
    else if (anywhere & (1 << SCALARS[name].bit)) throw new FrameError(`${name}: present, but there is no such column`);
  }
  return {
    run: idOf(metadata, "run"),
    attempt: idOf(metadata, "attempt"),
    rank: countOf(metadata, "rank"),
    seq: countOf(metadata, "seq"),
    series: idOf(metadata, "series"),
    steps,
    times,
    present,
    flags,
    scalars,
    groupRates: groupRatesOf(columns.group_lr, n),
    layers: layersOf(metadata, columns),
  };
}

function groupRatesOf(column: Column | undefined, n: number): Float64Array | null {
  if (!column) return null;
  if (column.dtype !== "F64" || column.shape.length !== 2 || column.shape[0] !== n)
    throw new FrameError("group_lr: expected F64 of the shape [steps, groups]");
  return column.data;
}

function layersOf(metadata: Frame["metadata"], columns: Frame["columns"]): LayerSamples | null {
  const { layer_step, layer_norm, weight_step, weight_norm } = columns;
  const named = metadata.layers !== undefined;
  if (!named && !layer_step && !layer_norm && !weight_step && !weight_norm) return null;
  const table = idOf(metadata, "layers");
  const areShares = metadata.shares === "1";
  const { width, ...norms } = samplesOf("layer", layer_step, layer_norm);
  if (!weight_step && !weight_norm) return { table, areShares, width, norms, weights: null };
  const { width: weighed, ...weights } = samplesOf("weight", weight_step, weight_norm);
  if (weighed !== width) throw new FrameError("weight_norm: expected as many layers as layer_norm");
  return { table, areShares, width, norms, weights };
}

function samplesOf(kind: string, step: Column | undefined, norm: Column | undefined): Samples & { width: number } {
  const steps = stepsOf(step, `${kind}_step`);
  if (norm?.dtype !== "F32") throw new FrameError(`${kind}_norm: expected F32`);
  const [samples, width, ...more] = norm.shape;
  if (samples !== steps.length || width === undefined || more.length > 0)
    throw new FrameError(`${kind}_norm: expected the shape [samples, layers]`);
  return { steps, values: norm.data, width };
}

function stepsOf(column: Column | undefined, name: string): Float64Array {
  if (column?.dtype !== "I64" || column.shape.length !== 1) throw new FrameError(`${name}: expected I64 [n]`);
  const { buffer, byteOffset, length } = column.data;
  // By halves, the lower one first, because reading a 64-bit integer makes a BigInt of it.
  const halves = new Uint32Array(buffer, byteOffset, 2 * length);
  const steps = new Float64Array(length);
  let previous = -1;
  for (let i = 0; i < length; i += 1) {
    const step = halves[2 * i + 1]! * 2 ** 32 + halves[2 * i]!;
    steps[i] = step;
    // A negative number's upper half is a large one.
    if (step > Number.MAX_SAFE_INTEGER) throw new FrameError(`${name}: out of range`);
    if (step <= previous) throw new FrameError(`${name}: not increasing`);
    previous = step;
  }
  return steps;
}

function vector<D extends Dtype>(column: Column | undefined, name: string, dtype: D, n: number): DataOf[D] {
  if (column?.dtype !== dtype || column.shape.length !== 1 || column.shape[0] !== n)
    throw new FrameError(`${name}: expected ${dtype} [${n}]`);
  return column.data as DataOf[D];
}

function idOf(metadata: Frame["metadata"], key: string): string {
  const value = metadata[key];
  if (!value || value.length > MAX_ID) throw new FrameError(`metadata ${key}: expected 1 to ${MAX_ID} characters`);
  return value;
}

function countOf(metadata: Frame["metadata"], key: string): number {
  const value = metadata[key] ?? "";
  if (!/^(0|[1-9]\d{0,14})$/.test(value)) throw new FrameError(`metadata ${key}: expected a whole number`);
  return Number(value);
}
