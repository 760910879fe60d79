import { type Batch, readBatch } from "../../../protocol/batch.ts";
import { decodeFrame } from "../../../protocol/frame.ts";
import type { RunEvent } from "../../../protocol/telemetry.ts";
import { RunLayers } from "../layers/run-layers.ts";
import { BlockCache } from "../pyramid/block-cache.ts";
import { type FoundEvent, seriesKey } from "../store/events.ts";
import type { StoredFrame } from "../store/frames.ts";
import type { StoredModel } from "../store/models.ts";
import type { Store } from "../store/store.ts";
import { type PlacedAttempt, placed } from "./attempt-order.ts";
import { Breath } from "./breath.ts";
import { KeptModel, Overtaken } from "./kept-model.ts";
import { earliest, RankReader } from "./rank-reader.ts";
import { SeriesModel } from "./series-model.ts";
import { MOST_RANKS, SpreadNorms } from "./spread-norms.ts";
import { decodeSpread, encodeSpread } from "./spread-state.ts";

/** Frames that are read at once. */
const PAGE = 25;
/** Full blocks, of some 70 KB, that wait in memory before they are saved. */
const MOST_WAITING = 64;
/** Keeping a model's state takes milliseconds: it is worth while after so many frames or steps, which take longer to read again. */
const FRAMES_WORTH_KEEPING = 500;
const STEPS_WORTH_KEEPING = 5_000;

/**
 * A run as it is looked at, made from the stored frames and from nothing else. So it is the same after a restart as it was live,
 * and the same in two hubs that share a store. What was made of them is kept in the store, too, so that a long run is
 * opened without a look at all its frames.
 */
export class RunModel {
  readonly key: number;
  readonly series = new Map<string, SeriesModel>();
  readonly layers: RunLayers;
  private readonly store: Store;
  private readonly patience: number;
  private readonly kept: KeptModel;
  private newest = 0;
  private attempts = new Map<number, PlacedAttempt>();
  /** The seq that each attempt should go on with. */
  private readonly expected = new Map<number, number>();
  /** The last step of each series of each attempt. */
  private readonly lastSteps = new Map<string, number>();
  private readonly spread = new Map<string, SpreadSeries>();
  private catchingUp: Promise<boolean> | null = null;
  private unkeptFrames = 0;
  private unkeptSteps = 0;

  private constructor(store: Store, key: number, patience: number, kept: KeptModel) {
    this.store = store;
    this.key = key;
    this.patience = patience;
    this.kept = kept;
    this.layers = new RunLayers((block) => kept.bytes(block));
  }

  /**
   * The run as it was kept, with what has come since; where nothing was kept, or something belongs before what was, the whole
   * run is read. `patience`: seconds for which a step waits for other ranks' shares of its norm.
   */
  static async load(store: Store, key: number, patience: number, cache = new BlockCache()): Promise<RunModel> {
    for (let stored = store.models.ofRun(key), tried: StoredModel | null = null; stored; ) {
      // Kept as it was tried: it is the frames that don't fit it.
      if (stored.key === tried?.key && stored.frame === tried.frame) break;
      const kept = RunModel.restored(store, key, patience, cache, stored);
      if (!kept) break;
      if (await kept.catchUp()) return kept;
      tried = stored;
      stored = store.models.ofRun(key);
    }
    const model = new RunModel(store, key, patience, new KeptModel(store, key, cache, null));
    await model.readAll();
    return model;
  }

  /** null if this version doesn't understand what was kept. */
  private static restored(store: Store, key: number, patience: number, cache: BlockCache, stored: StoredModel) {
    const model = new RunModel(store, key, patience, new KeptModel(store, key, cache, stored));
    try {
      for (const [part, bytes] of store.models.parts(stored.key)) model.restorePart(part, bytes);
    } catch {
      return null;
    }
    model.newest = stored.frame;
    return model;
  }

  /** Reads the whole run, and keeps what was found as the run's events. */
  private async readAll(): Promise<void> {
    const { store, key } = this;
    const found: FoundEvent[] = [];
    this.newest = store.frames.newest(key);
    const readers = this.readers();
    const breath = new Breath();
    for (let reader = earliest(readers); reader; reader = earliest(readers)) {
      for (const frame of reader.page(store, this.newest)) found.push(...this.take(frame, reader));
      if (this.waiting > MOST_WAITING) this.keepBlocks();
      await breath.taken();
    }
    found.push(...this.release());
    for (const { norms } of this.spread.values()) norms.forgetMissed();
    store.transaction(() => store.events.replaceFound(key, found));
    if (this.isWorthKeeping) this.keepState();
  }

  /**
   * Takes what was committed since. False if the run must be loaded anew: something belongs before what is here already (frames
   * found in a spill file fill a gap, say), or another hub has done so.
   */
  catchUp(): Promise<boolean> {
    this.catchingUp ??= this.takeNew().finally(() => {
      this.catchingUp = null;
    });
    return this.catchingUp;
  }

  /** Keeps what was made of the frames, where that is worth while. */
  keep(): void {
    if (this.isWorthKeeping && !this.catchingUp) this.keepState();
  }

  private async takeNew(): Promise<boolean> {
    if (!this.kept.isCurrent) return false;
    const breath = new Breath();
    for (;;) {
      const found: FoundEvent[] = [];
      const frames = this.store.frames.since(this.key, this.newest, PAGE);
      for (const frame of frames) {
        if (frame.seq < (this.expected.get(frame.attempt) ?? 0)) return false;
        found.push(...this.take(frame));
        this.newest = frame.key;
      }
      if (frames.length < PAGE) found.push(...this.release());
      if (found.length > 0) this.store.transaction(() => this.store.events.addFound(this.key, found));
      if (frames.length < PAGE) break;
      if (this.waiting > MOST_WAITING && !this.keepState()) return false;
      await breath.taken();
    }
    if (this.isWorthKeeping && !this.keepState()) return false;
    return ![...this.spread.values()].some(({ norms }) => norms.isOutdated(this.patience));
  }

  private get isWorthKeeping(): boolean {
    return this.unkeptFrames >= FRAMES_WORTH_KEEPING || this.unkeptSteps >= STEPS_WORTH_KEEPING;
  }

  private get waiting(): number {
    let blocks = this.layers.waiting;
    for (const { waiting } of this.series.values()) blocks += waiting;
    return blocks;
  }

  private keepBlocks(): void {
    this.store.transaction(() => this.putBlocks());
    this.blocksSaved();
  }

  /** False if another hub has gone on with this model, or made another one. */
  private keepState(): boolean {
    try {
      this.store.transaction(() => {
        this.putBlocks();
        this.kept.complete(this.newest, this.parts());
      });
    } catch (error) {
      if (error instanceof Overtaken) return false;
      throw error;
    }
    this.blocksSaved();
    this.unkeptFrames = 0;
    this.unkeptSteps = 0;
    return true;
  }

  private putBlocks(): void {
    for (const series of this.series.values())
      for (const [key, block] of series.unsaved()) this.kept.putBlock(key, block);
    for (const [key, block] of this.layers.unsaved()) this.kept.putBlock(key, block);
  }

  private blocksSaved(): void {
    for (const series of this.series.values()) series.saved();
    this.layers.saved();
  }

  private *parts(): Generator<readonly [string, Uint8Array]> {
    const places: Places = { expected: [...this.expected], lastSteps: [...this.lastSteps] };
    yield [partName("run"), new TextEncoder().encode(JSON.stringify(places))];
    for (const [id, series] of this.series) yield [partName("series", id, series.name), series.encode()];
    for (const [name, bytes] of this.layers.parts()) yield [partName("layers", name), bytes];
    for (const [id, { norms, ranks, first }] of this.spread)
      yield [partName("spread", id), encodeSpread(norms.state(), { ranks, first })];
  }

  /** @throws where it is of another version */
  private restorePart(part: string, bytes: Uint8Array): void {
    const [kind, id, name] = JSON.parse(part) as [string, string, string];
    if (kind === "run") {
      const { expected, lastSteps } = JSON.parse(new TextDecoder().decode(bytes)) as Places;
      for (const [attempt, seq] of expected) this.expected.set(attempt, seq);
      for (const [series, step] of lastSteps) this.lastSteps.set(series, step);
    } else if (kind === "series") {
      this.seriesOf(id, name).restore(bytes);
    } else if (kind === "layers") {
      this.layers.restore(id, bytes);
    } else {
      const { state, about } = decodeSpread(bytes);
      const { ranks, first } = about as Omit<SpreadSeries, "norms">;
      const norms = new SpreadNorms(ranks);
      norms.restore(state);
      this.spread.set(id, { norms, ranks, first });
    }
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
    this.unkeptFrames += 1;
    this.unkeptSteps += batch.steps.length;
    if (reader) reader.time = batch.times.at(-1) ?? reader.time;
    const lastStep = this.lastSteps.get(`${attempt} ${batch.series}`) ?? -1;
    const told = [...this.restart(attempt, batch, lastStep), ...this.gapBefore(attempt, seq, batch, lastStep)];
    this.expected.set(attempt, seq + 1);
    this.lastSteps.set(`${attempt} ${batch.series}`, batch.steps.at(-1) ?? lastStep);
    this.layers.take(attempt, batch);
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
      spread = { norms: new SpreadNorms(of.worldSize), ranks: of.worldSize, first: null };
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
    const series = this.seriesOf(seriesKey(batch.series, batch.rank), batch.series);
    return series.append(attempt, batch).map((event) => ({ attempt, event: { ...event, series: batch.series } }));
  }

  private seriesOf(id: string, name: string): SeriesModel {
    let series = this.series.get(id);
    if (!series) {
      series = new SeriesModel(name, (attempt) => this.kept.source(attempt, name));
      this.series.set(id, series);
    }
    return series;
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
  readonly ranks: number;
  /** The attempt of rank 0, once it is known. */
  first: number | null;
}

/** Where the frames have come to, by attempt and by attempt and series. */
interface Places {
  readonly expected: readonly (readonly [number, number])[];
  readonly lastSteps: readonly (readonly [string, number])[];
}

const partName = (...of: string[]): string => JSON.stringify(of);

/** null for a row that is damaged: it then shows as a gap. */
function read(bytes: Uint8Array): Batch | null {
  try {
    return readBatch(decodeFrame(bytes));
  } catch {
    return null;
  }
}
