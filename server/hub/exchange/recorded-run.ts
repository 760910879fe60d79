/** A run as it is written to files: its batches in order, read from the store a page at a time. */
import type { Batch, LayerSamples } from "../../../protocol/batch.ts";
import { SCALAR_NAMES, SCALARS, type Scalar } from "../../../protocol/scalars.ts";
import type { RunInfo } from "../../../protocol/telemetry.ts";
import { LayerShares } from "../layers/layer-shares.ts";
import { type PlacedAttempt, placed } from "../runs/attempt-order.ts";
import { earliest, RankReader } from "../runs/rank-reader.ts";
import { MOST_RANKS, SpreadNorms } from "../runs/spread-norms.ts";
import type { StoredRun } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import type { EventRow, Part, ProcessAbout } from "./log-format.ts";

const PAGE = 100;
const EVENTS_AT_ONCE = 1000;

export interface Recorded {
  readonly part: Part;
  readonly batch: Batch;
  /** The names of its layers, in the order of their columns; none where it has no layers. */
  readonly layers: readonly string[];
}

/** What all batches of one part have together. */
export interface Extent {
  readonly part: Part;
  steps: number;
  readonly scalars: Set<Scalar>;
  /** By the id of their table. */
  readonly layers: Map<string, { readonly names: readonly string[]; samples: number; weightSamples: number }>;
}

/** The run as it is now: what is recorded later is not in it. */
export class RecordedRun {
  readonly info: RunInfo;
  readonly tags: readonly string[];
  readonly note: string;
  private readonly store: Store;
  private readonly key: number;
  private readonly newest: number;
  private readonly signal: AbortSignal;
  private readonly onProgress: (done: number) => void;
  private readonly frames: number;
  private read = 0;
  private passes = 1;

  constructor(store: Store, run: StoredRun, signal: AbortSignal, onProgress: (done: number) => void) {
    this.store = store;
    this.key = run.key;
    this.info = { ...run.info, name: run.name };
    this.tags = run.tags;
    this.note = run.note;
    this.newest = store.frames.newest(run.key);
    this.frames = store.frames.count(run.key, this.newest);
    this.signal = signal;
    this.onProgress = onProgress;
  }

  /** In the order in which they were first heard of. */
  processes(): ProcessAbout[] {
    const attempts = this.store.attempts.list(this.key);
    const series = Map.groupBy(this.store.series.list(this.key), ({ attempt }) => attempt);
    const numbers = placed(attempts);
    return attempts.map(({ key, rank, worldSize, group, lastSeen, status, error, exitCode, story }) => ({
      rank,
      attempt: numbers.get(key)!.number,
      worldSize,
      group,
      lastSeen,
      status,
      error,
      exitCode,
      story,
      series: (series.get(key) ?? []).map(({ info }) => info),
    }));
  }

  /** Those that the steps don't tell of. @throws {DOMException} when it was cancelled */
  async *events(): AsyncGenerator<EventRow[]> {
    const numbers = placed(this.store.attempts.list(this.key));
    const { events } = this.store;
    for (let key = 0; ; ) {
      this.signal.throwIfAborted();
      const page = events.lasting(this.key, key, EVENTS_AT_ONCE);
      yield page.flatMap(({ attempt, event }) => {
        const of = numbers.get(attempt);
        return of ? [{ process: { rank: of.rank, attempt: of.number }, event }] : [];
      });
      if (page.length < EVENTS_AT_ONCE) return;
      key = page.at(-1)!.key;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Goes over the whole run once, for those who must know beforehand what comes. */
  async survey(): Promise<Extent[]> {
    this.passes = 2;
    const extents = new Map<string, Extent>();
    for await (const { part, batch, layers } of this.batches()) {
      const name = partName(part);
      let extent = extents.get(name);
      if (!extent) {
        extent = { part, steps: 0, scalars: new Set(), layers: new Map() };
        extents.set(name, extent);
      }
      extent.steps += batch.steps.length;
      for (const scalar of SCALAR_NAMES) if (hasAny(batch, scalar)) extent.scalars.add(scalar);
      if (!batch.layers) continue;
      const { table, norms, weights } = batch.layers;
      const known = extent.layers.get(table) ?? { names: layers, samples: 0, weightSamples: 0 };
      known.samples += norms.steps.length;
      known.weightSamples += weights?.steps.length ?? 0;
      extent.layers.set(table, known);
    }
    return [...extents.values()];
  }

  /** Each part's in the order of training. @throws {DOMException} when it was cancelled */
  async *batches(): AsyncGenerator<Recorded> {
    const attempts = placed(this.store.attempts.list(this.key));
    const tables = new Map(
      this.store.series.list(this.key).map(({ attempt, info }) => [`${attempt} ${info.id}`, info.layers]),
    );
    const readers = [...Map.groupBy(attempts.values(), ({ rank }) => rank).values()].map(
      (ofRank) =>
        new RankReader(
          ofRank.map(({ key }) => ({ attempt: key, seq: 0 })),
          PAGE,
        ),
    );
    const norms = new WholeNorms();
    const recorded = (attempt: PlacedAttempt, batch: Batch): Recorded => ({
      part: { rank: attempt.rank, attempt: attempt.number, series: batch.series },
      batch,
      layers: batch.layers ? (tables.get(`${attempt.key} ${batch.series}`)?.[batch.layers.table] ?? []) : [],
    });
    for (let reader = earliest(readers); reader; reader = earliest(readers)) {
      this.signal.throwIfAborted();
      for (const { attempt, batch } of reader.page(this.store, this.newest)) {
        this.read += 1;
        const of = attempts.get(attempt);
        if (!of || !batch) continue;
        reader.time = batch.times.at(-1) ?? reader.time;
        for (const whole of norms.take(of, batch)) yield recorded(whole.attempt, whole.batch);
      }
      this.onProgress(this.frames === 0 ? 1 : Math.min(1, this.read / this.frames / this.passes));
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const whole of norms.rest()) yield recorded(whole.attempt, whole.batch);
  }
}

interface Placed {
  readonly attempt: PlacedAttempt;
  readonly batch: Batch;
}

/** Puts the norms of all ranks into rank 0's batches, as viewers see them; the other ranks' pass through. */
class WholeNorms {
  private readonly shares = new Map<string, LayerShares>();
  private readonly spread = new Map<string, { norms: SpreadNorms; first: PlacedAttempt | null }>();

  take(attempt: PlacedAttempt, batch: Batch): Placed[] {
    const { worldSize, rank, together } = attempt;
    if (worldSize < 2 || worldSize > MOST_RANKS || rank >= worldSize) return [{ attempt, batch }];
    const key = `${together} ${batch.series}`;
    const spread = this.spread.get(key) ?? { norms: new SpreadNorms(worldSize), first: null };
    this.spread.set(key, spread);
    if (rank === 0) spread.first = attempt;
    const layers = this.resolved(attempt, batch);
    // Where shares are resolved the rows are cut anew, and the layers' go: those are taken before.
    spread.norms.take(rank, rank === 0 ? { ...batch, layers: null } : batch);
    const isOfAll = rank === 0 || batch.layers?.areShares;
    const own = isOfAll ? layersOnly({ ...batch, layers }) : null;
    const others = rank === 0 ? [] : [{ attempt, batch: isOfAll ? { ...batch, layers: null } : batch }];
    return [
      ...(own && spread.first ? [{ attempt: spread.first, batch: own }] : []),
      ...others,
      ...this.release(spread),
    ];
  }

  /** The norms of the batch's layers; where it has shares of them, those that are known by now. */
  private resolved({ worldSize, together }: PlacedAttempt, { rank, series, layers }: Batch): LayerSamples | null {
    if (!layers?.areShares) return layers;
    const key = JSON.stringify([together, series, layers.table]);
    const shares = this.shares.get(key) ?? new LayerShares(worldSize);
    this.shares.set(key, shares);
    return shares.take(rank, layers);
  }

  rest(): Placed[] {
    return [...this.spread.values()].flatMap((spread) => this.release(spread, Number.POSITIVE_INFINITY));
  }

  private release({ norms, first }: { norms: SpreadNorms; first: PlacedAttempt | null }, notBefore?: number): Placed[] {
    return first === null ? [] : norms.release(notBefore).map((batch) => ({ attempt: first, batch }));
  }
}

/** The batch without its steps; null if nothing is left. */
function layersOnly(batch: Batch): Batch | null {
  if (!batch.layers) return null;
  const none = { steps: batch.steps.slice(0, 0), times: batch.times.slice(0, 0), flags: batch.flags.slice(0, 0) };
  return { ...batch, ...none, present: batch.present.slice(0, 0), scalars: {}, groupRates: null };
}

export const partName = ({ rank, attempt, series }: Part): string =>
  `${series}${rank > 0 ? `@${rank}` : ""}${attempt > 0 ? `.${attempt + 1}` : ""}`;

export const isPresent = ({ present }: Batch, scalar: Scalar, i: number): boolean =>
  (present[i]! & (1 << SCALARS[scalar].bit)) !== 0;

export const hasAny = (batch: Batch, scalar: Scalar): boolean =>
  batch.scalars[scalar] !== undefined && batch.present.some((bits) => bits & (1 << SCALARS[scalar].bit));
