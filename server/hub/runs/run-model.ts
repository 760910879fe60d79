import { type Batch, readBatch } from "../../../protocol/batch.ts";
import { decodeFrame } from "../../../protocol/frame.ts";
import type { RunEvent } from "../../../protocol/telemetry.ts";
import { type FoundEvent, seriesKey } from "../store/events.ts";
import type { StoredFrame } from "../store/frames.ts";
import type { Store } from "../store/store.ts";
import { SeriesModel } from "./series-model.ts";

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
  private newest = 0;
  /** The seq that each attempt should go on with. */
  private readonly expected = new Map<number, number>();

  private constructor(store: Store, key: number) {
    this.store = store;
    this.key = key;
  }

  /** Reads the whole run, letting other work through between pages, and keeps what was found as the run's events. */
  static async load(store: Store, key: number): Promise<RunModel> {
    const model = new RunModel(store, key);
    const found: FoundEvent[] = [];
    model.newest = store.frames.newest(key);
    for (const { key: attempt } of store.attempts.list(key)) {
      let frames: StoredFrame[];
      let seq = -1;
      do {
        frames = store.frames.ofAttempt(attempt, seq, model.newest, PAGE);
        for (const frame of frames) found.push(...model.take(frame));
        seq = frames.at(-1)?.seq ?? seq;
        await new Promise((resolve) => setImmediate(resolve));
      } while (frames.length === PAGE);
    }
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
    if (found.length > 0) this.store.transaction(() => this.store.events.addFound(this.key, found));
    return true;
  }

  private take({ attempt, seq, bytes }: StoredFrame): FoundEvent[] {
    const batch = read(bytes);
    if (!batch) return [];
    const key = seriesKey(batch.series, batch.rank);
    let series = this.series.get(key);
    if (!series) {
      series = new SeriesModel();
      this.series.set(key, series);
    }
    const gap = this.gapBefore(attempt, seq, batch, series.lastStepOf(attempt));
    this.expected.set(attempt, seq + 1);
    const events = series.append(attempt, batch).map((event) => ({ ...event, series: batch.series }));
    return [...gap, ...events].map((event) => ({ attempt, event }));
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

/** null for a row that is damaged: it then shows as a gap. */
function read(bytes: Uint8Array): Batch | null {
  try {
    return readBatch(decodeFrame(bytes));
  } catch {
    return null;
  }
}
