/**
 * Viewer ⇄ hub. Websocket path `/view`, same token. Requests are JSON with an id and are answered once, in any order,
 * by `{ id, ok }`, `{ id, err }`, or, for tiles and layers, by a binary frame whose metadata holds `reply: "<id>"`. After
 * `subscribe` the hub pushes the run's detail when it changed, at most 10 times a second; what reads or writes a file pushes
 * its progress.
 *
 * A tile is one window of a series, reduced to at most `buckets` buckets (min/max pyramid, so that no extreme is lost).
 * Columns, all [buckets]: `from`, `to` F64 (steps, inclusive); for each metric m that has values in the window: `m.min`,
 * `m.max`, `m.mean`, `m.last` F64 (over the finite values; NaN if there are none), `m.count`, `m.nonfinite` U32.
 *
 * `layers` is one window of the per-layer values of a series, of all the steps at which they were sampled: at most `buckets`
 * buckets, each of the samples in one stretch of 2^k steps that begins at a multiple of 2^k (so that edges stay where they are while
 * a run grows). Its rows are all layers that the series ever sampled, in the order of the model; `rows` asks for those from
 * `from` on, null for all. Of more than 4096 the first 4096 are given, and layers × buckets is at most 2^18 (2,000 layers:
 * 131 buckets), wider buckets making up for it. Answered by a binary frame; metadata: `reply`, `run`, `series`, `metric`, `rows`
 * (the first row that is given) and `layers` (how many there are in all). Columns: `from`, `to` F64 [buckets] (the first and
 * the last sampled step in each); over the finite values `min`, `max`, `mean` F32 [layers, buckets] (NaN if there are none) and
 * `count` U32; `nonfinite` U32, all row-major; `names` U8: the rows' names as a JSON list of strings, in UTF-8.
 */
import { advice, type NormDistribution, normDistribution } from "./advice.ts";
import { askedThreshold, override, pausedAt, proceeding } from "./control.ts";
import { exportFormat, importable, runSource } from "./exchange.ts";
import { SCALAR_NAMES } from "./scalars.ts";
import {
  finite,
  flag,
  jsonNumber,
  list,
  nullable,
  type Of,
  object,
  oneOf,
  record,
  tagged,
  text,
  whole,
} from "./shape.ts";
import {
  clipSite,
  codeLocation,
  type endStatus,
  type LayerSource,
  layerSource,
  type RunEvent,
  runCode,
  runEvent,
  story,
} from "./telemetry.ts";

/** A run that was started with `--allow-control`, and is connected. */
export const runControl = object({
  /** In place of the script's own thresholds; the series by the ids that viewers know. */
  overrides: list(override),
  /** What was asked for and holds after the update that is under way. */
  pending: list(object({ series: text(64), threshold: askedThreshold })),
  /** Series whose threshold can't be changed, and why. */
  refusals: record(text()),
  paused: nullable(pausedAt),
});
export type RunControl = Of<typeof runControl>;

/** The learning rates that parameter groups have besides the first group's, which is `lr`: as many as a chart can show. */
export const GROUP_RATES = ["lr_2", "lr_3", "lr_4", "lr_5", "lr_6"] as const;

export const metric = oneOf(
  ...SCALAR_NAMES,
  "clipped", // 1 where clipping changed the gradient, else 0: its mean is the clip rate
  ...GROUP_RATES,
);
export type Metric = Of<typeof metric>;

/** A learning rate, and the parameter groups (counted from 0) that have had it at every step. */
const groupRate = object({ metric: oneOf("lr", ...GROUP_RATES), groups: list(whole) });
export type GroupRate = Of<typeof groupRate>;

export const layerMetric = oneOf(
  "grad_norm", // of each parameter's gradient, before clipping
  "weight_norm", // of each parameter's weights, before the update; sampled less often
);
export type LayerMetric = Of<typeof layerMetric>;

export const runStatus = oneOf(
  "running",
  "lost",
  ...(["finished", "failed", "interrupted"] satisfies Of<typeof endStatus>[]),
);

export const runTag = text(64);
export const runTags = list(runTag, 64);
export const runNote = text(4096);

/** The first step of a run at which its gradients were NaN, infinite or exploding. */
export const runIncident = object({
  kind: oneOf("nonfinite", "explosion"),
  step: whole,
  /** Unix seconds. */
  time: finite,
  /** A sentence: what was seen, and in which layer, where that is known. */
  message: text(),
});
export type RunIncident = Of<typeof runIncident>;

export const runSummary = object({
  id: text(64),
  name: text(256),
  script: nullable(text()),
  status: runStatus,
  startedAt: finite,
  /** Unix seconds of the last thing heard. */
  lastSeen: finite,
  steps: whole,
  framework: nullable(text(64)),
  starred: flag,
  tags: runTags,
  note: runNote,
  /** The file that it was imported from; null: a probe told it. */
  source: nullable(runSource),
  /** null where all went well, as far as is known. */
  incident: nullable(runIncident),
  /** It waits for the user; null: it doesn't, or is not connected. */
  paused: nullable(pausedAt),
});
export type RunSummary = Of<typeof runSummary>;

export const seriesDetail = object({
  id: text(64),
  /** The id that all ranks have for it. What is the same on all of them is told by rank 0's. */
  name: text(48),
  rank: whole,
  label: text(256),
  optimizer: nullable(text(256)),
  site: nullable(codeLocation),
  clip: nullable(clipSite),
  steps: whole,
  firstStep: whole,
  lastStep: whole,
  skipped: whole,
  nonFinite: whole,
  /** How many layers its norms were or will be sampled of; 0: of none. */
  layers: whole,
  /** Share of the last 200 steps that were clipped; null where there is no threshold. */
  clipRate: nullable(finite),
  /** The latest value of each metric that has one. */
  latest: record(jsonNumber),
  /** Where the parameter groups' learning rates are not the same. */
  rates: list(groupRate),
  advice,
});
export type SeriesDetail = Of<typeof seriesDetail>;

/** One process of a distributed run. */
export const rankDetail = object({
  rank: whole,
  status: runStatus,
  /** -1 before its first step. */
  lastStep: finite,
  /** Unix seconds of the last thing heard. */
  lastSeen: finite,
  error: nullable(text(65_536)),
  exitCode: nullable(finite),
});
export type RankDetail = Of<typeof rankDetail>;

export const runDetail = object({
  summary: runSummary,
  args: list(text()),
  cwd: text(),
  python: text(256),
  frameworkVersion: nullable(text(64)),
  /** As its rank 0 was started last; null: not told. */
  code: nullable(runCode),
  error: nullable(text(65_536)),
  exitCode: nullable(finite),
  attempts: whole,
  /** How many ranks its newest attempt has. */
  worldSize: whole,
  /** Those that were heard of, of a run with several; as their newest attempts are. */
  ranks: list(rankDetail),
  series: list(seriesDetail),
  /** The latest of each kind, at most 500, oldest first. Of more epochs, every second one, fifth one, and so on. */
  events: list(runEvent),
  /** How many there are of each kind, epochs aside. */
  eventCounts: record(whole),
  /** Of the rank that went wrong first; its series by the id that viewers know. null where nothing did. */
  story: nullable(story),
  /** null: nobody may control it, or it is not connected. */
  control: nullable(runControl),
});
export type RunDetail = Of<typeof runDetail>;

const id = whole;
/** What the dashboard's page may ask for. It names no file, and changes nothing. */
const pageRequests = {
  runs: object({ id }),
  subscribe: object({ id, run: text(64) }),
  unsubscribe: object({ id }),
  /** Unsubscribes, and has nothing else pushed until the runs are asked for. */
  pause: object({ id }),
  /** Any run as it is now, without its changes. */
  run: object({ id, run: text(64) }),
  tile: object({
    id,
    run: text(64),
    series: text(64),
    metrics: list(metric),
    from: finite,
    to: finite,
    buckets: whole,
  }),
  layers: object({
    id,
    run: text(64),
    series: text(64),
    metric: layerMetric,
    from: finite,
    to: finite,
    buckets: whole,
    rows: nullable(object({ from: whole, count: whole })),
  }),
  /** What happened within the steps `from` to `to`, both included, of which a run's detail may have left out some. */
  events: object({ id, run: text(64), from: finite, to: finite }),
  distribution: object({ id, run: text(64), series: text(64) }),
  layerSource: object({ id, run: text(64), series: text(64), layer: text(1024) }),
};
export const pageRequest = tagged("method", pageRequests);
export type PageRequest = Of<typeof pageRequest>;

export const viewerRequest = tagged("method", {
  ...pageRequests,
  delete: object({ id, run: text(64) }),
  rename: object({ id, run: text(64), name: text(256) }),
  star: object({ id, run: text(64), starred: flag }),
  tag: object({ id, run: text(64), tags: runTags }),
  note: object({ id, run: text(64), note: runNote }),
  /** Removes what the user doesn't want kept any longer; 0 is no limit. Megabytes are of 10⁶ bytes. */
  retain: object({ id, keepDays: whole, maxMegabytes: whole }),
  /** What is in a file that the user chose to import. */
  inspect: object({ id, file: text() }),
  /** `columns`: which of the file's columns is which scalar. */
  import: object({ id, file: text(), columns: record(text(1024)) }),
  /** Writes the run to a path that the user chose; what was there is replaced once all is written. */
  export: object({ id, run: text(64), format: exportFormat, file: text() }),
  /** Changes the clipping threshold of a run that allows it; answered once that holds, or is refused. */
  control: object({ id, run: text(64), series: text(64), threshold: askedThreshold }),
  /** Lets a paused run go on from this step. */
  proceed: object({ id, run: text(64), step: whole, action: proceeding }),
  /** Ends an inspect, import or export of this connection, which is then answered by `cancelled`. */
  cancel: object({ id, job: whole }),
});
export type ViewerRequest = Of<typeof viewerRequest>;
export type ViewerMethod = ViewerRequest["method"];
/** Those that are answered by a frame. */
export type FrameMethod = "tile" | "layers";

/** What `ok` holds, by method. */
export interface ViewerResults {
  runs: { runs: RunSummary[] };
  subscribe: { run: RunDetail };
  unsubscribe: Record<string, never>;
  pause: Record<string, never>;
  run: { run: RunDetail };
  /** Never sent as JSON: these are answered by a binary frame. */
  tile: never;
  layers: never;
  /**
   * Oldest first, and of epochs also those that the first and the last step are in. Of more than 500 of a kind those that can be
   * told apart on a chart of the steps, and of epochs every second one, fifth one, and so on.
   */
  events: { events: RunEvent[] };
  /** All of the series' norms before clipping, whatever window is on screen. */
  distribution: NormDistribution;
  /** As the newest attempt that has the layer told it; null: not known. */
  layerSource: { source: LayerSource | null };
  delete: Record<string, never>;
  rename: Record<string, never>;
  star: Record<string, never>;
  tag: Record<string, never>;
  note: Record<string, never>;
  /** Names of the runs. */
  retain: { removed: string[] };
  inspect: Of<typeof importable>;
  /** `added`: false where this very file was imported before. */
  import: { run: string; added: boolean };
  export: Record<string, never>;
  control: Record<string, never>;
  proceed: Record<string, never>;
  cancel: Record<string, never>;
}

export const viewerResults = {
  runs: object({ runs: list(runSummary) }),
  subscribe: object({ run: runDetail }),
  unsubscribe: object({}),
  pause: object({}),
  run: object({ run: runDetail }),
  events: object({ events: list(runEvent) }),
  distribution: normDistribution,
  layerSource: object({ source: nullable(layerSource) }),
  delete: object({}),
  rename: object({}),
  star: object({}),
  tag: object({}),
  note: object({}),
  retain: object({ removed: list(text(256)) }),
  inspect: importable,
  import: object({ run: text(64), added: flag }),
  export: object({}),
  control: object({}),
  proceed: object({}),
  cancel: object({}),
};

export const viewerError = object({
  code: oneOf("unknown-run", "bad-request", "not-controlled", "bad-file", "cancelled", "store", "internal"),
  message: text(),
});
export const viewerFailure = object({ id, err: viewerError });

export const viewerPush = tagged("push", {
  runs: object({ runs: list(runSummary) }),
  run: object({ run: runDetail }),
  /** How far an inspect, import or export of this connection has come: 0 to 1. */
  progress: object({ job: whole, done: finite }),
});
export type ViewerPush = Of<typeof viewerPush>;
