/**
 * Norms of gradients and weights that are spread over ranks: the root of the sum of the ranks' squared shares (protocol/scalars.ts).
 * The steps of rank 0, whose series is the one of all ranks, are held here until every rank has told its share, or will not.
 */
import type { Batch } from "../../../protocol/batch.ts";
import { SCALARS, type Scalar } from "../../../protocol/scalars.ts";

/** More ranks than that share no store. */
export const MOST_RANKS = 4096;
/** Shares that may wait for those of other ranks, of all ranks together. */
const MOST_SHARES = 400_000;

/** Each told by its shares. */
const SPREAD = ["shard_pre", "shard_post", "shard_update", "shard_weights"] as const satisfies Scalar[];
type Share = (typeof SPREAD)[number];
const bitOf = (scalar: Scalar): number => 1 << SCALARS[scalar].bit;
const SHARE_BITS = SPREAD.reduce((bits, share) => bits | bitOf(share), 0);
/** What is worked out: the norm of which there are shares, or the quotient of two. */
const WHOLE = [
  { whole: "norm_pre", of: "shard_pre", by: null },
  { whole: "norm_post", of: "shard_post", by: null },
  { whole: "update_ratio", of: "shard_update", by: "shard_weights" },
] as const satisfies { whole: Scalar; of: Share; by: Share | null }[];
/** A norm is never below zero, but may be NaN. */
const UNTOLD = -1;

/** What a SpreadNorms has come to, as plain data. */
export interface SpreadState {
  readonly reached: Float64Array;
  readonly heardAt: Float64Array;
  /** Steps that some rank has told its share of, and [steps, kinds × ranks] shares, in the order of `SPREAD`. */
  readonly sharedSteps: Float64Array;
  readonly shares: Float64Array;
  readonly lastReleased: number;
  readonly lastGivenUp: number;
  /** null: none. */
  readonly missedFrom: number | null;
  /** The rows of rank 0 that wait. */
  readonly held: readonly Batch[];
}

/** One series of the ranks that were started together. */
export class SpreadNorms {
  private readonly ranks: number;
  private readonly mostSteps: number;
  /** How far each rank has come: its last step, and the time of that. */
  private readonly reached: Float64Array;
  private readonly heardAt: Float64Array;
  /** By step: of each kind in turn, the shares of all ranks. */
  private readonly shares = new Map<number, Float64Array>();
  /** Of rank 0: those whose rows from `next` on wait. */
  private held: { batch: Batch; next: number }[] = [];
  private waiting = 0;
  /** The first step of which shares have come too late, so that it should be gone over anew; infinite where none have. */
  missedFrom = Number.POSITIVE_INFINITY;
  lastReleased = -1;
  private lastGivenUp = -1;

  constructor(ranks: number, mostShares = MOST_SHARES) {
    this.ranks = ranks;
    this.mostSteps = Math.floor(mostShares / ranks);
    this.reached = new Float64Array(ranks).fill(-1);
    this.heardAt = new Float64Array(ranks).fill(Number.NEGATIVE_INFINITY);
  }

  /** Takes a batch of a rank, later than all of its so far. What of rank 0 is complete then is given by `release`. */
  take(rank: number, batch: Batch): void {
    const { steps, times, present } = batch;
    if (steps.length === 0) return;
    for (let i = 0; i < steps.length; i += 1) if (present[i]! & SHARE_BITS) this.note(rank, batch, i);
    this.reached[rank] = steps.at(-1)!;
    this.heardAt[rank] = times.at(-1)!;
    if (rank !== 0) return;
    this.held.push({ batch, next: 0 });
    this.waiting += steps.length;
  }

  /**
   * The steps of rank 0 whose norms are known by now, or of which some rank has gone on without telling its share, in
   * order. Those from before `notBefore` (Unix seconds) are not waited for any longer: where a share is missing is a gap.
   */
  release(notBefore = Number.NEGATIVE_INFINITY): Batch[] {
    const told = Math.min(...this.reached);
    const released: Batch[] = [];
    for (let first = this.held[0]; first; first = this.held[0]) {
      const { batch, next } = first;
      const { steps, times, present } = batch;
      for (; first.next < steps.length; first.next += 1) {
        const step = steps[first.next]!;
        if (step > told && present[first.next]! & SHARE_BITS) {
          if (times[first.next]! >= notBefore && this.waiting <= this.mostSteps) break;
          this.lastGivenUp = step;
        }
        this.waiting -= 1;
      }
      if (first.next > next) released.push(this.resolve(batch, next, first.next));
      if (first.next < steps.length) break;
      this.held.shift();
    }
    return released;
  }

  /** Whether shares came too late, and their steps should be gone over anew now that no rank lags by `patience` seconds. */
  isOutdated(patience: number): boolean {
    return (
      this.missedFrom < Number.POSITIVE_INFINITY && Math.min(...this.heardAt) >= Math.max(...this.heardAt) - patience
    );
  }

  /** What has come too late so far will do so again. */
  forgetMissed(): void {
    this.missedFrom = Number.POSITIVE_INFINITY;
  }

  /** To be gone on with by `restore`. */
  state(): SpreadState {
    const shares = new Float64Array(this.shares.size * SPREAD.length * this.ranks);
    for (const [i, row] of [...this.shares.values()].entries()) shares.set(row, i * row.length);
    const { reached, heardAt, lastReleased, lastGivenUp } = this;
    const missedFrom = Number.isFinite(this.missedFrom) ? this.missedFrom : null;
    const held = this.held.map(({ batch, next }) => slice(batch, next, batch.steps.length));
    const sharedSteps = Float64Array.from(this.shares.keys());
    return { reached, heardAt, sharedSteps, shares, lastReleased, lastGivenUp, missedFrom, held };
  }

  /** @throws {RangeError} where the state is of another number of ranks */
  restore(state: SpreadState): void {
    const width = SPREAD.length * this.ranks;
    if (state.shares.length !== state.sharedSteps.length * width) throw new RangeError("shares of other ranks");
    this.reached.set(state.reached);
    this.heardAt.set(state.heardAt);
    for (const [i, step] of state.sharedSteps.entries())
      this.shares.set(step, state.shares.slice(i * width, (i + 1) * width));
    this.lastReleased = state.lastReleased;
    this.lastGivenUp = state.lastGivenUp;
    this.missedFrom = state.missedFrom ?? Number.POSITIVE_INFINITY;
    for (const batch of state.held) {
      this.held.push({ batch, next: 0 });
      this.waiting += batch.steps.length;
    }
  }

  private note(rank: number, { steps, present, scalars }: Batch, i: number): void {
    const step = steps[i]!;
    if (step <= this.lastReleased) {
      if (step <= this.lastGivenUp) this.missFrom(step);
      return;
    }
    let shares = this.shares.get(step);
    if (!shares) {
      if (this.shares.size >= this.mostSteps && !this.makeRoomFor(step)) return;
      shares = new Float64Array(SPREAD.length * this.ranks).fill(UNTOLD);
      this.shares.set(step, shares);
    }
    for (const [kind, share] of SPREAD.entries())
      if (present[i]! & bitOf(share)) shares[kind * this.ranks + rank] = scalars[share]![i]!;
  }

  /** Ranks that are far ahead of the others must not fill the memory: the oldest step goes. */
  private makeRoomFor(step: number): boolean {
    const [oldest] = this.shares.keys();
    this.missFrom(Math.min(oldest!, step));
    return step > oldest! && this.shares.delete(oldest!);
  }

  private missFrom(step: number): void {
    this.missedFrom = Math.min(this.missedFrom, step);
  }

  /** The rows `from` ≤ i < `to` of rank 0, with the norms that could be worked out. */
  private resolve(batch: Batch, from: number, to: number): Batch {
    const rows = from === 0 && to === batch.steps.length && !hasShares(batch) ? batch : slice(batch, from, to);
    const { steps, present } = rows;
    const scalars = { ...rows.scalars };
    for (const { whole, of, by } of WHOLE) {
      for (let i = 0; i < steps.length; i += 1) {
        if ((present[i]! & bitOf(of)) === 0) continue;
        const norm = this.normAt(steps[i]!, of);
        const divisor = by === null ? 1 : this.normAt(steps[i]!, by);
        if (norm === null || divisor === null) continue;
        scalars[whole] ??= new Float64Array(steps.length);
        scalars[whole][i] = norm / divisor;
        present[i]! |= bitOf(whole);
      }
    }
    this.lastReleased = steps.at(-1)!;
    for (const step of steps) this.shares.delete(step);
    for (const step of this.shares.keys()) {
      if (step > this.lastReleased) break;
      this.shares.delete(step);
    }
    return { ...rows, scalars };
  }

  /** null where not all ranks have told their share. */
  private normAt(step: number, share: Share): number | null {
    const kind = SPREAD.indexOf(share);
    const shares = this.shares.get(step)?.subarray(kind * this.ranks, (kind + 1) * this.ranks);
    return !shares || shares.includes(UNTOLD) ? null : rootOfSquares(shares);
  }
}

const hasShares = ({ present }: Batch): boolean => present.some((bits) => bits & SHARE_BITS);

/** Without overflow. NaN where one of them is, infinite where one of the others is. */
function rootOfSquares(values: Float64Array): number {
  return values.some(Number.isNaN) ? Number.NaN : Math.hypot(...values);
}

function slice(batch: Batch, from: number, to: number): Batch {
  const groups = (batch.groupRates?.length ?? 0) / batch.steps.length;
  const columns = Object.entries(batch.scalars).map(([name, column]) => [name, column.slice(from, to)]);
  return {
    ...batch,
    steps: batch.steps.slice(from, to),
    times: batch.times.slice(from, to),
    present: batch.present.slice(from, to),
    flags: batch.flags.slice(from, to),
    scalars: Object.fromEntries(columns),
    groupRates: batch.groupRates?.slice(from * groups, to * groups) ?? null,
    layers: null,
  };
}
