import { type Batch, readBatch } from "../../../protocol/batch.ts";
import { decodeFrame } from "../../../protocol/frame.ts";
import type { RunEvent } from "../../../protocol/telemetry.ts";
import { type FoundEvent, seriesKey } from "../store/events.ts";
import type { StoredFrame } from "../store/frames.ts";
import type { Store } from "../store/store.ts";
import { type PlacedAttempt, placed } from "./attempt-order.ts";
import { earliest, RankReader } from "./rank-reader.ts";
import { SeriesModel } from "./series-model.ts";
import { MOST_RANKS, SpreadNorms } from "./spread-norms.ts";

/** Frames between two breaths while a long run is read: some milliseconds. */
const PAGE = 200;

/**
 * A run in memory, made from the stored frames and from nothing else. So it is the same after a restart as it was live,
 * and the same in two hubs that share a store.
 */
export class RunModel {
  readonly key: number;
  readonly series = new Map<string, SeriesModel>();
  private readonly store: Store;
  private readonly patience: number;
  private newest = 0;
  private attempts = new Map<number, PlacedAttempt>();
  /** The seq that each attempt should go on with. */
  private readonly expected = new Map<number, number>();
  /** The last step of each series of each attempt. */
  private readonly lastSteps = new Map<string, number>();
  private readonly spread = new Map<string, SpreadSeries>();

  private constructor(store: Store, key: number, patience: number) {
    this.store = store;
    this.key = key;
    this.patience = patience;
  }

  /**
   * Reads the whole run, letting other work through between pages, and keeps what was found as the run's events.
   * `patience`: seconds for which a step waits for other ranks' shares of its norm.
   */
  static async load(store: Store, key: number, patience: number): Promise<RunModel> {
    const model = new RunModel(store, key, patience);
    const found: FoundEvent[] = [];
    model.newest = store.frames.newest(key);
    const readers = model.readers();
    for (let reader = earliest(readers); reader; reader = earliest(readers)) {
      for (const frame of reader.page(store, model.newest)) found.push(...model.take(frame, reader));
      await new Promise((resolve) => setImmediate(resolve));
    }
    found.push(...model.release());
    for (const { norms } of model.spread.values()) norms.forgetMissed();
    store.transaction(() => store.events.replaceFound(key, found));
    return model;
  }

  /**
   * Takes what was committed since. False if something belongs before what is here already (frames found in a spill file
   * fill a gap, say): then the run must be loaded anew.
   */
  catchUp(): boolean {
    const found: FoundEvent[] = [];
    let frames: StoredFrame[];
    do {
      frames = this.store.frames.since(this.key, this.newest, PAGE);
      for (const frame of frames) {
        if (frame.seq < (this.expected.get(frame.attempt) ?? 0)) return false;
        found.push(...this.take(frame));
        this.newest = frame.key;
      }
    } while (frames.length === PAGE);
    found.push(...this.release());
    if (found.length > 0) this.store.transaction(() => this.store.events.addFound(this.key, found));
    return ![...this.spread.values()].some(({ norms }) => norms.isOutdated(this.patience));
  }

  /** One a rank, so that the ranks' shares of a norm come together. */
  private readers(): RankReader[] {
    this.attempts = placed(this.store.attempts.list(this.key));
    const ranks = Map.groupBy(this.attempts.values(), ({ rank }) => rank);
    const page = Math.max(5, Math.floor(PAGE / ranks.size));
    return [...ranks.values()].map(
      (attempts) =>
        new RankReader(
          attempts.map(({ key }) => key),
          page,
        ),
    );
  }

  private take({ attempt, seq, bytes }: StoredFrame, reader?: RankReader): FoundEvent[] {
    const batch = read(bytes);
    if (!batch) return [];
    if (reader) reader.time = batch.times.at(-1) ?? reader.time;
    const lastStep = this.lastSteps.get(`${attempt} ${batch.series}`) ?? -1;
    const told = [...this.restart(attempt, batch, lastStep), ...this.gapBefore(attempt, seq, batch, lastStep)];
    this.expected.set(attempt, seq + 1);
    this.lastSteps.set(`${attempt} ${batch.series}`, batch.steps.at(-1) ?? lastStep);
    return [...told.map((event) => ({ attempt, event })), ...this.place(attempt, batch)];
  }

  /** Puts the batch into its series, or holds it until other ranks have told their shares of its norms. */
  private place(attempt: number, batch: Batch): FoundEvent[] {
    const of = this.placeOf(attempt);
    if (!of || of.worldSize < 2 || of.worldSize > MOST_RANKS || batch.rank >= of.worldSize)
      return this.append(attempt, batch);
    const key = `${of.together} ${batch.series}`;
    let spread = this.spread.get(key);
    if (!spread) {
      spread = { norms: new SpreadNorms(of.worldSize), first: null };
      this.spread.set(key, spread);
    }
    spread.norms.take(batch.rank, batch);
    if (batch.rank !== 0) return [...this.append(attempt, batch), ...this.releaseOf(spread)];
    spread.first = attempt;
    return this.releaseOf(spread);
  }

  /** Steps that have waited for too long, too. */
  private release(): FoundEvent[] {
    const notBefore = Date.now() / 1000 - this.patience;
    return [...this.spread.values()].flatMap((spread) => this.releaseOf(spread, notBefore));
  }

  private releaseOf({ norms, first }: SpreadSeries, notBefore?: number): FoundEvent[] {
    if (first === null) return [];
    return norms.release(notBefore).flatMap((batch) => this.append(first, batch));
  }

  private append(attempt: number, batch: Batch): FoundEvent[] {
    const key = seriesKey(batch.series, batch.rank);
    let series = this.series.get(key);
    if (!series) {
      series = new SeriesModel();
      this.series.set(key, series);
    }
    return series.append(attempt, batch).map((event) => ({ attempt, event: { ...event, series: batch.series } }));
  }

  private placeOf(attempt: number): PlacedAttempt | undefined {
    if (!this.attempts.has(attempt)) this.attempts = placed(this.store.attempts.list(this.key));
    return this.attempts.get(attempt);
  }

  /** The first steps of an attempt that takes the place of another one. */
  private restart(attempt: number, { series, steps, times }: Batch, lastStep: number): RunEvent[] {
    const of = this.placeOf(attempt);
    const [first] = steps;
    if (first === undefined || lastStep >= 0 || !of || of.number === 0) return [];
    const before = [...this.attempts.values()].filter(({ rank, number }) => rank === of.rank && number < of.number);
    const last = before.map(({ key }) => this.lastSteps.get(`${key} ${series}`)).findLast((step) => step !== undefined);
    if (last === undefined) return [];
    return [
      {
        kind: "restart",
        series,
        step: first,
        time: times[0]!,
        message: `Attempt ${of.number + 1} goes on at step ${first}; the one before had come to step ${last}.`,
        data: { attempt: of.number + 1, from: last },
      },
    ];
  }

  /** A seq that is neither frame nor event never arrived: what it held is lost, and shown so. */
  private gapBefore(attempt: number, seq: number, { series, steps, times }: Batch, lastStep: number): RunEvent[] {
    const expected = this.expected.get(attempt) ?? 0;
    const [first] = steps;
    if (first === undefined || seq === expected) return [];
    if (seq - expected <= this.store.events.countTold(attempt, expected, seq)) return [];
    const from = Math.max(lastStep, 0);
    return [
      {
        kind: "gap",
        series,
        step: first,
        time: times[0]!,
        message: `Telemetry between step ${from} and step ${first} was lost.`,
        data: { from, to: first },
      },
    ];
  }
}

interface SpreadSeries {
  readonly norms: SpreadNorms;
  /** The attempt of rank 0, once it is known. */
  first: number | null;
}

/** null for a row that is damaged: it then shows as a gap. */
function read(bytes: Uint8Array): Batch | null {
  try {
    return readBatch(decodeFrame(bytes));
  } catch {
    return null;
  }
}
