import type { Batch } from "../../../protocol/batch.ts";
import type { RunEvent } from "../../../protocol/telemetry.ts";
import type { StoredFrame } from "../store/frames.ts";
import type { Store } from "../store/store.ts";
import { type PlacedAttempt, placed } from "./attempt-order.ts";

/** How far a series of an attempt has come. */
interface Reached {
  readonly attempt: number;
  readonly series: string;
  readonly step: number;
}

/** What `encode` keeps. */
interface Kept {
  readonly frames: number;
  readonly expected: readonly (readonly [attempt: number, seq: number])[];
  readonly reached: readonly Reached[];
}

/** How far the frames that were taken go, and what their seams tell: restarts, and gaps. */
export class Progress {
  /** How many were taken. */
  frames = 0;
  private readonly store: Store;
  private readonly run: number;
  private placed = new Map<number, PlacedAttempt>();
  /** The seq that each attempt should go on with. */
  private readonly expected = new Map<number, number>();
  private readonly lastSteps = new Map<string, Reached>();

  constructor(store: Store, run: number) {
    this.store = store;
    this.run = run;
  }

  /** Of each attempt. */
  get reached(): readonly Reached[] {
    return [...this.lastSteps.values()];
  }

  /** The seq that an attempt should go on with. */
  next(attempt: number): number {
    return this.expected.get(attempt) ?? 0;
  }

  /** Whether this frame comes before one of its attempt that was taken. */
  isLate({ attempt, seq }: Pick<StoredFrame, "attempt" | "seq">): boolean {
    return seq < this.next(attempt);
  }

  placeOf(attempt: number): PlacedAttempt | undefined {
    if (!this.placed.has(attempt)) this.placed = placed(this.store.attempts.list(this.run));
    return this.placed.get(attempt);
  }

  /** The attempt of rank 0 among those that were started together. */
  firstOf(together: PlacedAttempt["together"]): number | undefined {
    return [...this.placed.values()].find((of) => of.together === together && of.rank === 0)?.key;
  }

  /** The attempts of each rank, in the order of training. */
  ranks(): PlacedAttempt[][] {
    this.placed = placed(this.store.attempts.list(this.run));
    return [...Map.groupBy(this.placed.values(), ({ rank }) => rank).values()];
  }

  /** Takes a frame, later than all of its attempt so far. Returns the seam before it, if there is one. */
  take(attempt: number, seq: number, batch: Batch): RunEvent[] {
    const { series, steps } = batch;
    const lastStep = this.lastStep(attempt, series);
    const told = [...this.restart(attempt, batch, lastStep), ...this.gapBefore(attempt, seq, batch, lastStep)];
    this.expected.set(attempt, seq + 1);
    this.lastSteps.set(`${attempt} ${series}`, { attempt, series, step: steps.at(-1) ?? lastStep });
    return told;
  }

  encode(): Uint8Array {
    const { frames, expected, reached } = this;
    const kept: Kept = { frames, expected: [...expected], reached };
    return new TextEncoder().encode(JSON.stringify(kept));
  }

  restore(bytes: Uint8Array): void {
    const { frames, expected, reached } = JSON.parse(new TextDecoder().decode(bytes)) as Kept;
    this.frames = frames;
    for (const [attempt, seq] of expected) this.expected.set(attempt, seq);
    for (const of of reached) this.lastSteps.set(`${of.attempt} ${of.series}`, of);
  }

  /** -1 where there is none. */
  private lastStep(attempt: number, series: string): number {
    return this.lastSteps.get(`${attempt} ${series}`)?.step ?? -1;
  }

  /** The first steps of an attempt that takes the place of another one. */
  private restart(attempt: number, { series, steps, times }: Batch, lastStep: number): RunEvent[] {
    const of = this.placeOf(attempt);
    const [first] = steps;
    if (first === undefined || lastStep >= 0 || !of || of.number === 0) return [];
    const before = [...this.placed.values()].filter(({ rank, number }) => rank === of.rank && number < of.number);
    const last = before
      .map(({ key }) => this.lastSteps.get(`${key} ${series}`)?.step)
      .findLast((step) => step !== undefined);
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
    const expected = this.next(attempt);
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
