/** What a probe of a training would send: runs of six scalars, and runs with the norms of many layers at every step. */
import { type Column, decodeFrame, encodeFrame } from "../../protocol/frame.ts";
import { SCALARS, type Scalar } from "../../protocol/scalars.ts";

export const FRAME_STEPS = 50;
export const LAYERS = 200;
export const SCALARS_SENT: readonly Scalar[] = ["norm_pre", "norm_post", "threshold", "loss", "lr", "step_time"];
/** The one step that is unlike all others: where in the run, and its norm. */
export const SPIKE = { at: 0.6180339, norm: 1e9 };

const present = SCALARS_SENT.reduce((bits, name) => bits | (1 << SCALARS[name].bit), 0);
const noise = Float64Array.from({ length: 4096 }, () => Math.exp(Math.random() - 0.5));
const layerNoise = Float32Array.from({ length: FRAME_STEPS * LAYERS * 8 }, () => Math.exp(Math.random() - 0.5));

export function hello(run: string) {
  const about = { script: null, args: [], cwd: "/", python: "3", framework: null, frameworkVersion: null };
  const layers = { table: Array.from({ length: LAYERS }, (_, i) => `blocks.${i}.weight`) };
  return {
    type: "hello",
    protocol: 1,
    run: { id: run, name: run, ...about, host: "bench", pid: 1, startedAt: 1.79e9 },
    attempt: "attempt",
    rank: 0,
    worldSize: 1,
    group: null,
    series: [{ id: "sgd", label: "SGD", optimizer: null, site: null, clip: null, layers }],
  };
}

/** Frame `seq` of a run, with the norms of its layers or without. `spike`: the step that has one; `told`: its seq, as it is written. */
export function frame(run: string, seq: number, layers: boolean, spike = -1, told = seq): Uint8Array<ArrayBuffer> {
  const first = seq * FRAME_STEPS;
  const f64 = (data: Float64Array): Column => ({ dtype: "F64", shape: [FRAME_STEPS], data });
  const step: Column = {
    dtype: "I64",
    shape: [FRAME_STEPS],
    data: BigInt64Array.from({ length: FRAME_STEPS }, (_, i) => BigInt(first + i)),
  };
  const scalars = SCALARS_SENT.map((name, i): [string, Column] => {
    const start = (seq * 37 + i * 601) % (noise.length - FRAME_STEPS);
    const values = noise.slice(start, start + FRAME_STEPS);
    if (name === "threshold") values.fill(1);
    if (name === "norm_pre" && spike >= first && spike < first + FRAME_STEPS) values[spike - first] = SPIKE.norm;
    return [name, f64(values)];
  });
  const start = (seq * 911) % (layerNoise.length - FRAME_STEPS * LAYERS);
  const norms = layerNoise.subarray(start, start + FRAME_STEPS * LAYERS);
  const sampled: Record<string, Column> = {
    layer_step: step,
    layer_norm: { dtype: "F32", shape: [FRAME_STEPS, LAYERS], data: norms },
  };
  const metadata = { protocol: "1", run, attempt: "attempt", rank: "0", series: "sgd" };
  return encodeFrame({
    metadata: { ...metadata, ...(layers && { layers: "table" }), seq: String(told) },
    columns: {
      step,
      time: f64(Float64Array.from({ length: FRAME_STEPS }, (_, i) => timeOf(first + i))),
      ...Object.fromEntries(scalars),
      present: { dtype: "U32", shape: [FRAME_STEPS], data: new Uint32Array(FRAME_STEPS).fill(present) },
      flags: { dtype: "U8", shape: [FRAME_STEPS], data: new Uint8Array(FRAME_STEPS) },
      ...(layers && sampled),
    },
  });
}

/** Frames that are encoded ahead, whose values come round again. */
const AHEAD = 64;
/** Room for the digits of a seq. */
const WIDEST_SEQ = 999_999_999;

/**
 * The same for one frame after the other, at next to no cost: a few are encoded ahead, and what tells them apart (seq, steps, times) is
 * written into them. What is given is overwritten some frames later, so send a copy of it, as the websocket does that masks it.
 */
export function framesOf(run: string, layers: boolean): (seq: number) => Uint8Array {
  const stencils = Array.from({ length: AHEAD }, (_, i) => new Stencil(frame(run, i, layers, -1, WIDEST_SEQ)));
  return (seq) => stencils[seq % AHEAD]!.of(seq);
}

class Stencil {
  private readonly bytes: Buffer;
  private readonly seqAt: number;
  /** Of each column of steps, its halves: a whole number of 64 bits by the lower one first. */
  private readonly steps: readonly Uint32Array[];
  private readonly times: Float64Array;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = Buffer.from(bytes.buffer);
    // Nobody else has its buffer, so what is decoded are views of it.
    const { columns } = decodeFrame(bytes);
    this.steps = ["step", "layer_step"]
      .flatMap((name) => columns[name]?.data ?? [])
      .map(({ buffer, byteOffset, length }) => new Uint32Array(buffer, byteOffset, 2 * length));
    this.times = columns.time!.data as Float64Array;
    this.seqAt = this.bytes.indexOf(String(WIDEST_SEQ));
  }

  of(seq: number): Uint8Array {
    const first = seq * FRAME_STEPS;
    // It is the last of the metadata: what is left of its room are spaces after its quote.
    this.bytes.write(`${seq}"`.padEnd(String(WIDEST_SEQ).length + 1), this.seqAt, "latin1");
    for (let i = 0; i < FRAME_STEPS; i += 1) {
      const step = first + i;
      for (const halves of this.steps) {
        halves[2 * i] = step;
        halves[2 * i + 1] = step / 2 ** 32;
      }
      this.times[i] = timeOf(step);
    }
    return this.bytes;
  }
}

const timeOf = (step: number): number => 1.79e9 + step / 100;
