/** Runs to show: real traces (see data/README.md), told as a probe would tell them. */
import { readFileSync } from "node:fs";
import type { Override, PausedAt } from "../../protocol/control.ts";
import { type Column, encodeFrame } from "../../protocol/frame.ts";
import { SCALARS, type Scalar, STEP_FLAGS } from "../../protocol/scalars.ts";
import type { ProbeMessage, RunInfo, SeriesInfo } from "../../protocol/telemetry.ts";
import { PROTOCOL_VERSION } from "../../protocol/version.ts";

export interface TraceStep {
  readonly step: number;
  readonly loss: number;
  readonly norm: number;
}

type TraceName = "spike" | "non-finite" | "calm" | "heavy-tail";

export function readTrace(name: TraceName): TraceStep[] {
  const [, ...lines] = readFileSync(new URL(`data/${name}.csv`, import.meta.url), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => {
    const [step, loss, norm] = line.split(",").map((value) => (value === "nan" ? Number.NaN : Number(value)));
    return { step: step!, loss: loss!, norm: norm! };
  });
}

export interface RecordedSeries {
  readonly info: SeriesInfo;
  readonly steps: readonly TraceStep[];
  /** The threshold that the training clipped at; null: it did not clip. */
  readonly threshold: number | null;
  /** Steps that a gradient scaler skipped. */
  readonly skipped?: readonly number[];
  /** What the traces don't hold, for runs that tell it. */
  readonly told?: Partial<Record<Scalar, (step: number) => number>>;
  /** The learning rate of each parameter group. */
  readonly rates?: (step: number) => number[];
  /** Norms of the layers at every so many steps. */
  readonly layers?: {
    readonly names: readonly string[];
    readonly every: number;
    norm(layer: number, step: TraceStep): number;
  };
  /** Each rank has but a part of the gradients, and tells its share of the norm. */
  readonly spread?: boolean;
}

export interface RecordedRun {
  readonly info: RunInfo;
  readonly series: readonly RecordedSeries[];
  /** Which of how many processes tells it; the only one, if not given. */
  readonly rank?: number;
  readonly worldSize?: number;
  /** Which start of the process tells it; the first one, if not given. */
  readonly attempt?: string;
  /** What is in force of what the user asked for; of a run that may be controlled. */
  readonly overrides?: Override[];
  readonly paused?: PausedAt;
}

/** Runs of these tests began a minute ago. */
const STARTED_AT = Date.now() / 1000 - 60;
const SECONDS_PER_STEP = 0.05;

export function runInfo(id: string, name: string, more: Partial<RunInfo> = {}): RunInfo {
  return {
    id,
    name,
    script: "/home/ada/project/train.py",
    args: [],
    cwd: "/home/ada/project",
    python: "3.12.4",
    framework: "torch",
    frameworkVersion: "2.13.0",
    host: "workstation",
    pid: 4711,
    startedAt: STARTED_AT,
    code: null,
    ...more,
  };
}

export function seriesInfo(id: string, label: string, more: Partial<SeriesInfo> = {}): SeriesInfo {
  return {
    id,
    label,
    optimizer: "AdamW",
    site: { file: "/home/ada/project/train.py", line: 42 },
    clip: null,
    layers: {},
    code: null,
    fixed: null,
    ...more,
  };
}

export const helloOf = ({
  info,
  series,
  rank = 0,
  worldSize = 1,
  attempt = "attempt-1",
  overrides,
  paused,
}: RecordedRun): Extract<ProbeMessage, { type: "hello" }> => ({
  type: "hello",
  protocol: PROTOCOL_VERSION,
  run: info,
  attempt,
  rank,
  worldSize,
  group: worldSize > 1 ? "group" : null,
  control: overrides ? { overrides, paused: paused ?? null } : null,
  series: series.map(({ info, layers }) => (layers ? { ...info, layers: { t: [...layers.names] } } : info)),
});

/** The frame that tells the steps `from` up to, not including, `to` of the trace. */
export function frameOf(run: RecordedRun, series: RecordedSeries, seq: number, from: number, to: number): Uint8Array {
  const steps = series.steps.slice(from, to);
  const { threshold, told = {}, spread, rates } = series;
  const values: Partial<Record<Scalar, number[]>> = {
    [spread ? "shard_pre" : "norm_pre"]: steps.map(({ norm }) => norm),
    loss: steps.map(({ loss }) => loss),
  };
  if (threshold !== null) {
    values.norm_post = steps.map(({ norm }) => Math.min(norm, threshold));
    values.threshold = steps.map(() => threshold);
  }
  if (rates) values.lr = steps.map(({ step }) => rates(step)[0]!);
  for (const [name, at] of Object.entries(told)) values[name as Scalar] = steps.map(({ step }) => at(step));
  const names = Object.keys(values) as Scalar[];
  const present = names.reduce((bits, name) => bits | (1 << SCALARS[name].bit), 0);
  const shape = [steps.length];
  const columns: Record<string, Column> = {
    step: { dtype: "I64", shape, data: BigInt64Array.from(steps, ({ step }) => BigInt(step)) },
    time: {
      dtype: "F64",
      shape,
      data: Float64Array.from(steps, ({ step }) => run.info.startedAt + step * SECONDS_PER_STEP),
    },
    present: { dtype: "U32", shape, data: Uint32Array.from(steps, () => present) },
    flags: {
      dtype: "U8",
      shape,
      data: Uint8Array.from(steps, ({ step }) => (series.skipped?.includes(step) ? STEP_FLAGS.skipped : 0)),
    },
  };
  if (rates) {
    const each = steps.map(({ step }) => rates(step));
    columns.group_lr = { dtype: "F64", shape: [steps.length, each[0]!.length], data: Float64Array.from(each.flat()) };
  }
  for (const name of names) columns[name] = { dtype: "F64", shape, data: Float64Array.from(values[name]!) };
  const sampled = series.layers ? steps.filter(({ step }) => step % series.layers!.every === 0) : [];
  if (series.layers && sampled.length > 0) {
    const { names: layers, norm } = series.layers;
    columns.layer_step = {
      dtype: "I64",
      shape: [sampled.length],
      data: BigInt64Array.from(sampled, ({ step }) => BigInt(step)),
    };
    columns.layer_norm = {
      dtype: "F32",
      shape: [sampled.length, layers.length],
      data: Float32Array.from(sampled.flatMap((step) => layers.map((_, layer) => norm(layer, step)))),
    };
  }
  return encodeFrame({
    metadata: {
      protocol: String(PROTOCOL_VERSION),
      run: run.info.id,
      attempt: run.attempt ?? "attempt-1",
      rank: String(run.rank ?? 0),
      seq: String(seq),
      series: series.info.id,
      ...(sampled.length > 0 && { layers: "t" }),
    },
    columns,
  });
}
