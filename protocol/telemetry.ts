/**
 * Probe ⇄ hub. Websocket path `/probe`, `Authorization: Bearer <token>`. Control messages are JSON text, batches of steps
 * are binary {@link ./frame.ts frames}. Everything with a `seq` (frames and events alike, one count per attempt and rank,
 * from 0) is acknowledged after the hub's commit; on reconnecting the probe sends `hello` again, learns from `welcome`
 * what has arrived, and sends the rest again. (run, rank, attempt, seq) is unique: a replay changes nothing. A seq that is
 * skipped was lost: the hub goes on with the next one and marks the gap. After `refused` the probe does not come back.
 *
 * Frame metadata: `protocol`, `run`, `attempt`, `rank`, `seq`, `series`, and with per-layer columns `layers`, the id of
 * the layer table that a `series` message gave. Where the gradients are spread over the ranks of a group, `shares` is "1", and
 * the values of layers are this rank's shares of the norms, as `shard_pre` is (scalars.ts), those of gradients and of weights;
 * ranks tell them of the same steps.
 * Columns: `step` I64 [n] (strictly increasing within an attempt's series), `time` F64 [n] (Unix seconds), the scalars
 * F64 [n], `present` U32 [n], `flags` U8 [n]; where there are several parameter groups, `group_lr` F64 [n, groups] (NaN:
 * a group without a learning rate), whose first is the scalar `lr`; per-layer values of the sampled steps: `layer_step`
 * I64 [k], `layer_norm` F32 [k, layers] (norm of each parameter's gradient before clipping), `weight_step` I64 [m],
 * `weight_norm` F32 [m, layers] (norm of each parameter's weights before the update).
 */
import { askedThreshold, override, pausedAt, proceeding } from "./control.ts";
import {
  finite,
  jsonNumber,
  list,
  nullable,
  type Of,
  object,
  oneOf,
  record,
  type Shape,
  ShapeError,
  tagged,
  text,
  whole,
} from "./shape.ts";

/** The largest message that the hub takes, in bytes; the probe splits what is larger. */
export const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;

const id = text(64);

/** A hash in hexadecimal: SHA-1 or SHA-256. It may be handed to programs, so nothing else passes. */
export const hash: Shape<string> = (value, path = "") => {
  if (typeof value !== "string" || !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(value))
    throw new ShapeError(path, "a hash in hexadecimal");
  return value;
};

/** A place in the user's code. `line` is 1-based, as Python counts. */
export interface CodeLocation {
  file: string;
  line: number;
  /** Of a notebook, the cell in which the line counts: {@link hashedCell}'s SHA-256. Else null. */
  cell?: string | null;
}
export const codeLocation: Shape<CodeLocation> = object({ file: text(), line: whole, cell: nullable(hash) });

/** The text of a notebook's cell whose UTF-8 is hashed to know it again. */
export const hashedCell = (source: string): string => source.replace(/\r\n/g, "\n").replace(/\n+$/, "");

export const clipSite = object({
  kind: oneOf("norm", "value", "adaptive", "other"),
  /** The function that clips, as the script would import it. */
  function: text(256),
  location: nullable(codeLocation),
});
export type ClipSite = Of<typeof clipSite>;

/** What the user's code says of a layer. Many layers share one: each block of a transformer has the same. */
export const layerSource = object({
  /** The class of the module that holds the parameter, as it would be imported. */
  module: text(256),
  /** The class of the innermost module around the parameter that the user wrote; null where no module is the user's. */
  owner: nullable(text(256)),
  /** The `class` line of the owner. */
  definition: nullable(codeLocation),
  /** Where the owner assigns the attribute that the parameter is, or is in; null where that isn't one known line. */
  assignment: nullable(codeLocation),
});
export type LayerSource = Of<typeof layerSource>;

export const layerCode = object({
  sources: list(layerSource, 4096),
  /** By layer table: for each of its layers, in its order, the place in `sources`; null: not known. */
  of: record(list(nullable(whole))),
});

/** One optimizer's (or one hand-logged loop's) sequence of updates. */
export const seriesInfo = object({
  /** Shorter than other ids, so that viewers can be given "<id>@<rank>" for ranks other than 0. */
  id: text(48),
  label: text(256),
  optimizer: nullable(text(256)),
  /** Where the update happens: the `optimizer.step()` or the `gradsight.log()` call. */
  site: nullable(codeLocation),
  clip: nullable(clipSite),
  /** Layer tables by id: parameter names in column order. A table never changes; a new set is a new id. */
  layers: record(list(text(1024))),
  /** Where the layers come from in the user's code; null of a probe that doesn't tell. */
  code: nullable(layerCode),
  /** Why its threshold can't be changed, even in a run that allows it; null: it can, or the probe doesn't tell. */
  fixed: nullable(text()),
});
export type SeriesInfo = Of<typeof seriesInfo>;

/** Which code it is that ran, as it was when the process started. */
export interface RunCode {
  /** What was checked out in the script's git repository; the files may have been changed since. null: no repository. */
  commit: string | null;
  /** SHA-256 of the script's bytes: tells whether the file is still what ran. */
  scriptHash: string | null;
  /** Of a notebook, the latest cells that the kernel had run at the first step, as in {@link CodeLocation}. Else null. */
  cells?: string[] | null;
}
export const runCode: Shape<RunCode> = object({
  commit: nullable(hash),
  scriptHash: nullable(hash),
  cells: nullable(list(hash, 1000)),
});

export const runInfo = object({
  id,
  name: text(256),
  script: nullable(text()),
  args: list(text()),
  cwd: text(),
  python: text(256),
  framework: nullable(text(64)),
  frameworkVersion: nullable(text(64)),
  host: text(256),
  pid: whole,
  /** Unix seconds. */
  startedAt: finite,
  /** null of a probe that doesn't tell. */
  code: nullable(runCode),
});
export type RunInfo = Of<typeof runInfo>;

export const EVENT_KINDS = [
  "nonfinite", // a NaN or an infinity; `data.parameter` names the first parameter, `data.cause` what began it, where known
  "skipped", // the scaler skipped a step
  "gap", // steps were lost between `data.from` and `data.to`
  "warning", // something the probe could not see or do
  "threshold", // the threshold in force changed; `data.by` is "user" where that was asked for while the run went on
  "spike", // found by the hub
  "explosion", // found by the hub
  "vanishing", // found by the hub
  "restart", // found by the hub: a rank was started again; `data.from` is the step that it had come to before
  "note", // given by the user
  "epoch", // one begins at `step`; `data.epoch` is its number, as the framework counts
  "checkpoint", // what the update `step` left was saved; `data.path` is where, as the script has it
] as const;
export const eventKind = oneOf(...EVENT_KINDS);
export type EventKind = Of<typeof eventKind>;

export const runEvent = object({
  kind: eventKind,
  series: nullable(id),
  step: nullable(whole),
  time: finite,
  message: text(),
  data: record(
    nullable((value: unknown, path = "") =>
      typeof value === "string" ? text()(value, path) : jsonNumber(value, path),
    ),
  ),
});
export type RunEvent = Of<typeof runEvent>;

/**
 * What the flight recorder tells of a run that went wrong, in the words of `python -m gradsight why`: with the event that
 * is the incident, or alone, and with the end. Each section has lines, or a table whose first row are its headings.
 */
export const story = object({
  /** When it began to go bad: of several ranks the earliest has the story. null: no step was bad. */
  incident: nullable(object({ kind: oneOf("nonfinite", "explosion"), series: id, step: whole, time: finite })),
  sections: list(object({ title: text(256), lines: list(text(), 100), table: list(list(text(1024), 20), 100) }), 10),
});
export type Story = Of<typeof story>;

export const endStatus = oneOf("finished", "failed", "interrupted");

/** What is in force of what was asked for while the run went on. */
const control = object({ overrides: list(override, 1024), paused: nullable(pausedAt) });

export const probeMessage = tagged("type", {
  hello: object({
    protocol: whole,
    run: runInfo,
    attempt: id,
    rank: whole,
    worldSize: whole,
    /** What all ranks that were started together say alike, and no others do; an elastic restart is another group. */
    group: nullable(id),
    series: list(seriesInfo, 1024),
    /** null of a run that nobody may control. */
    control: nullable(control),
  }),
  series: object({ series: seriesInfo }),
  /** The answer to `control`. Without a seq: what it tells is in the next greeting, too. */
  controlled: object({
    id: whole,
    /** Why not; null: it was done. */
    err: nullable(text()),
    control,
  }),
  /** Unasked: a pause has begun or ended. */
  control: object({ control }),
  event: object({ seq: whole, event: runEvent, story: nullable(story) }),
  /** Of an explosion, which no event of the probe's tells. Without a number: it may be lost, or come again. */
  story: object({ story }),
  end: object({
    seq: whole,
    status: endStatus,
    error: nullable(text(65_536)),
    exitCode: nullable(finite),
    time: finite,
    story: nullable(story),
  }),
});
export type ProbeMessage = Of<typeof probeMessage>;

/** `next` is the lowest seq that has not been committed: everything below it is safe to forget. */
export const hubToProbeMessage = tagged("type", {
  welcome: object({ protocol: whole, next: whole }),
  ack: object({ next: whole }),
  refused: object({ reason: text() }),
  /** To a probe that allows it alone. */
  control: object({ id: whole, series: id, threshold: askedThreshold }),
  /** The answer to a pause at this step. */
  proceed: object({ step: whole, action: proceeding }),
});
export type HubToProbeMessage = Of<typeof hubToProbeMessage>;

/**
 * Spill file of a probe that nobody listens to: records of u32 LE length, u8 kind (0 JSON text, 1 frame), payload.
 * The first record is the `hello`; a torn last record is ignored. Name: `<run>-<rank>-<attempt>.gsspill`.
 */
export const SPILL_SUFFIX = ".gsspill";
