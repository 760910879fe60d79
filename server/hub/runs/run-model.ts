import type { Batch, LayerSamples } from "../../../protocol/batch.ts";
import { LayerShares } from "../layers/layer-shares.ts";
import { RunLayers } from "../layers/run-layers.ts";
import { BlockCache } from "../pyramid/block-cache.ts";
import { type FoundEvent, type FoundPlace, seriesKey } from "../store/events.ts";
import type { StoredFrame } from "../store/frames.ts";
import type { StoredModel } from "../store/models.ts";
import type { Store } from "../store/store.ts";
import type { PlacedAttempt } from "./attempt-order.ts";
import { Breath } from "./breath.ts";
import { KeptModel, Overtaken } from "./kept-model.ts";
import { Progress } from "./progress.ts";
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
  private readonly progress: Progress;
  private readonly spread = new Map<string, SpreadSeries>();
  private readonly shares = new Map<string, LayerShares>();
  private catchingUp: Promise<boolean> | null = null;
  private unkeptFrames = 0;
  private unkeptSteps = 0;

  private constructor(store: Store, key: number, patience: number, kept: KeptModel) {
    this.store = store;
    this.key = key;
    this.patience = patience;
    this.kept = kept;
    this.progress = new Progress(store, key);
    this.layers = new RunLayers((block) => kept.bytes(block));
  }

  /**
   * The run as it was kept, with what has come since. Where something belongs before what was kept, that is taken back to the
   * milestone before it; where there is none, the whole run is read. `patience`: seconds for which a step waits for other
   * ranks' shares of its norm.
   */
  static async load(store: Store, key: number, patience: number, cache = new BlockCache()): Promise<RunModel> {
    for (let stored = store.models.ofRun(key), tried: StoredModel | null = null; stored; ) {
      // Kept as it was tried: it is the frames that don't fit it.
      if (stored.key === tried?.key && stored.frame === tried.frame) break;
      const kept = RunModel.restored(store, key, patience, cache, stored, store.models.parts(stored.key));
      if (!kept) break;
      if (await kept.catchUp()) return kept;
      const before = kept.beforeWhatIsLate(cache);
      if (before) {
        await before.readOn();
        return before;
      }
      tried = stored;
      stored = store.models.ofRun(key);
    }
    const model = new RunModel(store, key, patience, new KeptModel(store, key, cache, null));
    await model.readOn();
    return model;
  }

  /** null if this version doesn't understand what was kept. */
  private static restored(
    store: Store,
    key: number,
    patience: number,
    cache: BlockCache,
    stored: StoredModel,
    parts: ReadonlyMap<string, Uint8Array>,
  ): RunModel | null {
    const model = new RunModel(store, key, patience, new KeptModel(store, key, cache, stored));
    try {
      for (const [part, bytes] of parts) model.restorePart(part, bytes);
    } catch {
      return null;
    }
    model.newest = stored.frame;
    return model;
  }

  /** This one as of the last milestone before what has come too late for it; null where there is none, or another hub was quicker. */
  private beforeWhatIsLate(cache: BlockCache): RunModel | null {
    const { store, key, patience } = this;
    const stored = store.models.ofRun(key);
    if (!stored) return null;
    const coming = store.frames.firstSince(key, this.newest);
    for (const frames of store.models.milestones(stored.key)) {
      const parts = store.models.milestone(stored.key, frames);
      const model = RunModel.restored(store, key, patience, cache, stored, parts);
      if (!model?.isBefore(coming, this)) continue;
      try {
        model.kept.takeBack(frames);
      } catch (error) {
        if (error instanceof Overtaken) return null;
        throw error;
      }
      return model;
    }
    return null;
  }

  /** Whether these frames come later, and the shares that `other` has missed; what is in its blocks is then as it was. */
  private isBefore(coming: ReadonlyMap<number, number>, { series, spread }: RunModel): boolean {
    const isMissing = ([id, { norms }]: [string, SpreadSeries]) =>
      norms.missedFrom <= (this.spread.get(id)?.norms.lastReleased ?? -1);
    return (
      ![...coming].some(([attempt, seq]) => this.progress.isLate({ attempt, seq })) &&
      ![...spread].some(isMissing) &&
      [...this.series].every(([id, one]) => series.get(id)?.hasRatesOf(one))
    );
  }

  /** Reads what is not in it yet, the whole run as a rule, in the order of training, and keeps what was found as the run's events. */
  private async readOn(): Promise<void> {
    const { store, key } = this;
    const found: FoundEvent[] = [];
    const places = this.foundPlaces();
    this.newest = store.frames.newest(key);
    const all = store.frames.count(key, this.newest);
    const readers = this.readers();
    const breath = new Breath();
    let due = this.nextMilestone(all);
    for (let reader = earliest(readers); reader; reader = earliest(readers)) {
      for (const frame of reader.page(store, this.newest)) found.push(...this.take(frame, reader));
      if (this.progress.frames >= due) {
        this.keepMilestone();
        due = this.nextMilestone(all);
      } else if (this.waiting > MOST_WAITING) this.keepBlocks();
      await breath.taken();
    }
    found.push(...this.release());
    for (const { norms } of this.spread.values()) norms.forgetMissed();
    store.transaction(() => store.events.replaceFound(key, found, places));
    // One that was taken back is nobody's before.
    if (this.isWorthKeeping || places.length > 0) this.keepState();
  }

  /** As close together towards the end as where they come one by one. */
  private nextMilestone(all: number): number {
    const { frames } = this.progress;
    return frames + Math.max(FRAMES_WORTH_KEEPING, Math.ceil((all - frames) / 2));
  }

  private foundPlaces(): FoundPlace[] {
    const shown = new Map<string, number>();
    for (const { name, places } of this.series.values())
      for (const [attempt, step] of places) shown.set(`${attempt} ${name}`, step);
    return this.progress.reached.map(({ attempt, series, step }) => {
      return { attempt, series, told: step, shown: shown.get(`${attempt} ${series}`) ?? -1 };
    });
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
        if (this.progress.isLate(frame)) return false;
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

  private keepMilestone(): void {
    this.store.transaction(() => {
      this.putBlocks();
      this.kept.putParts(this.parts());
      this.putMilestone();
    });
    this.blocksSaved();
  }

  /** Not of a state that itself is to be worked out anew. */
  private putMilestone(): void {
    if ([...this.spread.values()].every(({ norms }) => norms.missedFrom === Number.POSITIVE_INFINITY))
      this.kept.putMilestone(this.progress.frames);
  }

  /** False if another hub has gone on with this model, or made another one. */
  private keepState(): boolean {
    try {
      this.store.transaction(() => {
        this.putBlocks();
        this.kept.putParts(this.parts());
        this.putMilestone();
        this.kept.complete(this.newest);
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
    yield [partName("run"), this.progress.encode()];
    for (const [id, series] of this.series) yield [partName("series", id, series.name), series.encode()];
    for (const [name, bytes] of this.layers.parts()) yield [partName("layers", name), bytes];
    for (const [id, shares] of this.shares) yield [partName("shares", id), shares.encode()];
    for (const [id, { norms, ranks, first }] of this.spread)
      yield [partName("spread", id), encodeSpread(norms.state(), { ranks, first })];
  }

  /** @throws where it is of another version */
  private restorePart(part: string, bytes: Uint8Array): void {
    const [kind, id, name] = JSON.parse(part) as [string, string, string];
    if (kind === "run") {
      this.progress.restore(bytes);
    } else if (kind === "series") {
      this.seriesOf(id, name).restore(bytes);
    } else if (kind === "layers") {
      this.layers.restore(id, bytes);
    } else if (kind === "shares") {
      this.shares.set(id, LayerShares.decode(bytes));
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
    const ranks = this.progress.ranks();
    const page = Math.max(5, Math.floor(PAGE / ranks.length));
    return ranks.map(
      (attempts) =>
        new RankReader(
          attempts.map(({ key }) => ({ attempt: key, seq: this.progress.next(key) })),
          page,
        ),
    );
  }

  private take({ attempt, seq, batch }: StoredFrame, reader?: RankReader): FoundEvent[] {
    this.progress.frames += 1;
    if (!batch) return [];
    this.unkeptFrames += 1;
    this.unkeptSteps += batch.steps.length;
    if (reader) reader.time = batch.times.at(-1) ?? reader.time;
    const told = this.progress.take(attempt, seq, batch);
    if (batch.layers?.areShares) this.takeShares(attempt, batch, batch.layers);
    else this.layers.take(attempt, batch);
    return [...told.map((event) => ({ attempt, event })), ...this.place(attempt, batch)];
  }

  /** The ranks whose shares belong together with this one's; null where there are none, or more than are put together. */
  private sharersOf(attempt: number, rank: number): PlacedAttempt | null {
    const of = this.progress.placeOf(attempt);
    return of && of.worldSize >= 2 && of.worldSize <= MOST_RANKS && rank < of.worldSize ? of : null;
  }

  /** What all ranks' shares make is rank 0's. */
  private takeShares(attempt: number, batch: Batch, told: LayerSamples): void {
    const of = this.sharersOf(attempt, batch.rank);
    if (!of) return;
    const key = JSON.stringify([of.together, batch.series, told.table]);
    let shares = this.shares.get(key);
    if (!shares) {
      shares = new LayerShares(of.worldSize);
      this.shares.set(key, shares);
    }
    const layers = shares.take(batch.rank, told);
    const first = this.progress.firstOf(of.together);
    if (!layers || first === undefined) return;
    const { series } = batch;
    this.layers.take(first, { series, layers });
    this.seriesOf(seriesKey(series, 0), series).observeLayers(layers);
  }

  /** Puts the batch into its series, or holds it until other ranks have told their shares of its norms. */
  private place(attempt: number, batch: Batch): FoundEvent[] {
    const of = this.sharersOf(attempt, batch.rank);
    if (!of) return this.append(attempt, batch);
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
}

interface SpreadSeries {
  readonly norms: SpreadNorms;
  readonly ranks: number;
  /** The attempt of rank 0, once it is known. */
  first: number | null;
}

const partName = (...of: string[]): string => JSON.stringify(of);
