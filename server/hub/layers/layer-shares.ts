/**
 * Norms of layers that are spread over ranks, of their gradients and of their weights: the root of the sum of the ranks' squared
 * shares (protocol/batch.ts), of the steps that all ranks have told theirs of.
 */
import type { LayerSamples, Samples } from "../../../protocol/batch.ts";
import { decodeFrame, encodeFrame, FrameError } from "../../../protocol/frame.ts";

/** Sums that may wait for other ranks, in one table: 8 bytes each, and 8 more where weights were told. */
const MOST_WAITING = 1_000_000;

/** What the ranks that have come by have told of one step. */
class Sum {
  told = 0;
  readonly squares: Float64Array;

  constructor(squares: Float64Array) {
    this.squares = squares;
  }

  add(shares: Float32Array): void {
    this.told += 1;
    for (const [j, share] of shares.entries()) this.squares[j]! += share ** 2;
  }
}

interface Waiting {
  readonly gradients: Sum;
  /** Told at some of the steps; null: of this one not yet. */
  weights: Sum | null;
}

/** One layer table of a series of the ranks that were started together. */
export class LayerShares {
  private readonly ranks: number;
  private readonly mostWaiting: number;
  private width = 0;
  /** How far each rank has come. */
  private readonly reached: Float64Array;
  /** By step, in the order of steps for each rank. */
  private readonly waiting = new Map<number, Waiting>();

  constructor(ranks: number, mostWaiting = MOST_WAITING) {
    this.ranks = ranks;
    this.mostWaiting = mostWaiting;
    this.reached = new Float64Array(ranks).fill(-1);
  }

  /** Takes what a rank has told, later than all of it so far. Returns the norms that are known by that; null if there are none. */
  take(rank: number, { table, width, norms, weights }: LayerSamples): LayerSamples | null {
    if (this.width === 0) this.width = width;
    if (width !== this.width) return null; // of another model: nothing adds up
    const known: (Waiting & { step: number })[] = [];
    for (const [i, step] of norms.steps.entries()) {
      if (step <= this.reached[rank]!) continue;
      this.reached[rank] = step;
      const of = this.waitingAt(step);
      if (!of) continue;
      of.gradients.add(norms.values.subarray(i * width, (i + 1) * width));
      const weighed = weights?.steps.indexOf(step) ?? -1;
      if (weighed >= 0) {
        of.weights ??= new Sum(new Float64Array(width));
        of.weights.add(weights!.values.subarray(weighed * width, (weighed + 1) * width));
      }
      if (of.gradients.told < this.ranks) continue;
      known.push({ step, ...of });
      // Every rank has come by: what some have not told of the steps before they never will.
      for (const before of this.waiting.keys()) if (before <= step) this.waiting.delete(before);
    }
    if (known.length === 0) return null;
    const weighed = known.filter((of) => of.weights?.told === this.ranks);
    return {
      table,
      areShares: false,
      width,
      norms: this.roots(known, ({ gradients }) => gradients),
      weights: weighed.length > 0 ? this.roots(weighed, (of) => of.weights!) : null,
    };
  }

  private roots<T extends { readonly step: number }>(of: readonly T[], sumOf: (at: T) => Sum): Samples {
    const values = new Float32Array(of.length * this.width);
    for (const [i, at] of of.entries()) values.set(sumOf(at).squares.map(Math.sqrt), i * this.width);
    return { steps: Float64Array.from(of, ({ step }) => step), values };
  }

  encode(): Uint8Array {
    const { ranks, width, reached } = this;
    const f64 = (data: Float64Array) => ({ dtype: "F64" as const, shape: [data.length], data });
    const sums = (name: string, at: readonly (readonly [step: number, sum: Sum])[]) => {
      const squares = new Float64Array(at.length * width);
      for (const [i, [, sum]] of at.entries()) squares.set(sum.squares, i * width);
      return {
        [`${name}.step`]: f64(Float64Array.from(at, ([step]) => step)),
        [`${name}.told`]: f64(Float64Array.from(at, ([, { told }]) => told)),
        [`${name}.squares`]: f64(squares),
      };
    };
    const waiting = [...this.waiting];
    return encodeFrame({
      metadata: { ranks: String(ranks), width: String(width) },
      columns: {
        reached: f64(reached),
        ...sums(
          "gradients",
          waiting.map(([step, { gradients }]) => [step, gradients]),
        ),
        ...sums(
          "weights",
          waiting.flatMap(([step, { weights }]) => (weights ? [[step, weights] as const] : [])),
        ),
      },
    });
  }

  /** @throws {FrameError} where the bytes are no such state */
  static decode(bytes: Uint8Array): LayerShares {
    const { metadata, columns } = decodeFrame(bytes);
    const column = (name: string): Float64Array => {
      const found = columns[name];
      if (found?.dtype !== "F64") throw new FrameError(name);
      return found.data;
    };
    const shares = new LayerShares(Number(metadata.ranks));
    const width = Number(metadata.width);
    const sums = (name: string): [number, Sum][] => {
      const told = column(`${name}.told`);
      const squares = column(`${name}.squares`);
      if (squares.length !== told.length * width) throw new FrameError("of other layers");
      return Array.from(column(`${name}.step`), (step, i) => {
        const sum = new Sum(squares.slice(i * width, (i + 1) * width));
        sum.told = told[i]!;
        return [step, sum];
      });
    };
    const reached = column("reached");
    if (reached.length !== shares.ranks) throw new FrameError("of other ranks");
    shares.width = width;
    shares.reached.set(reached);
    const weights = new Map(sums("weights"));
    for (const [step, gradients] of sums("gradients"))
      shares.waiting.set(step, { gradients, weights: weights.get(step) ?? null });
    return shares;
  }

  /** Ranks that are far ahead of the others must not fill the memory: the oldest sample goes, for which null stands then. */
  private waitingAt(step: number): Waiting | null {
    let of = this.waiting.get(step);
    if (of) return of;
    while (this.waiting.size > 0 && (this.waiting.size + 1) * this.width > this.mostWaiting) {
      const [oldest] = this.waiting.keys();
      if (step < oldest!) return null;
      this.waiting.delete(oldest!);
    }
    of = { gradients: new Sum(new Float64Array(this.width)), weights: null };
    this.waiting.set(step, of);
    return of;
  }
}
