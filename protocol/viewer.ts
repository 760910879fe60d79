/**
 * Viewer ⇄ hub. Websocket path `/view`, same token. Requests are JSON with an id and are answered once, in any order,
 * by `{ id, ok }`, `{ id, err }`, or, for tiles, by a binary frame whose metadata holds `reply: "<id>"`. After
 * `subscribe` the hub pushes the run's detail when it changed, at most 10 times a second.
 *
 * A tile is one window of a series, reduced to at most `buckets` buckets (min/max pyramid, so that no extreme is lost).
 * Columns, all [buckets]: `from`, `to` F64 (steps, inclusive); for each metric m that has values in the window: `m.min`,
 * `m.max`, `m.mean`, `m.last` F64 (over the finite values; NaN if there are none), `m.count`, `m.nonfinite` U32.
 */
import { advice } from "./advice.ts";
import { SCALAR_NAMES } from "./scalars.ts";
import { finite, jsonNumber, list, nullable, type Of, object, oneOf, record, tagged, text, whole } from "./shape.ts";
import { clipSite, codeLocation, type endStatus, runEvent, story } from "./telemetry.ts";

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

export const runStatus = oneOf(
  "running",
  "lost",
  ...(["finished", "failed", "interrupted"] satisfies Of<typeof endStatus>[]),
);

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
  error: nullable(text(65_536)),
  exitCode: nullable(finite),
  attempts: whole,
  /** How many ranks its newest attempt has. */
  worldSize: whole,
  /** Those that were heard of, of a run with several; as their newest attempts are. */
  ranks: list(rankDetail),
  series: list(seriesDetail),
  /** The latest events, at most 1000, oldest first; `eventCount` counts all. */
  events: list(runEvent),
  eventCount: whole,
  /** Of the rank that went wrong first; its series by the id that viewers know. null where nothing did. */
  story: nullable(story),
});
export type RunDetail = Of<typeof runDetail>;

const id = whole;
export const viewerRequest = tagged("method", {
  runs: object({ id }),
  subscribe: object({ id, run: text(64) }),
  unsubscribe: object({ id }),
  tile: object({
    id,
    run: text(64),
    series: text(64),
    metrics: list(metric),
    from: finite,
    to: finite,
    buckets: whole,
  }),
  delete: object({ id, run: text(64) }),
  rename: object({ id, run: text(64), name: text(256) }),
});
export type ViewerRequest = Of<typeof viewerRequest>;
export type ViewerMethod = ViewerRequest["method"];

/** What `ok` holds, by method. */
export interface ViewerResults {
  runs: { runs: RunSummary[] };
  subscribe: { run: RunDetail };
  unsubscribe: Record<string, never>;
  /** Never sent as JSON: a tile is answered by a binary frame. */
  tile: never;
  delete: Record<string, never>;
  rename: Record<string, never>;
}

export const viewerResults = {
  runs: object({ runs: list(runSummary) }),
  subscribe: object({ run: runDetail }),
  unsubscribe: object({}),
  delete: object({}),
  rename: object({}),
};

export const viewerError = object({ code: oneOf("unknown-run", "bad-request", "store", "internal"), message: text() });
export const viewerFailure = object({ id, err: viewerError });

export const viewerPush = tagged("push", {
  runs: object({ runs: list(runSummary) }),
  run: object({ run: runDetail }),
});
export type ViewerPush = Of<typeof viewerPush>;
