/**
 * Norms of layers whose gradients are spread over ranks: the root of the sum of the ranks' squared shares (protocol/batch.ts),
 * of the steps that all ranks have told theirs of.
 */
import type { LayerSamples } from "../../../protocol/batch.ts";
import { decodeFrame, encodeFrame, FrameError } from "../../../protocol/frame.ts";

/** Sums that may wait for other ranks, in one table: 8 bytes each. */
const MOST_WAITING = 1_000_000;

interface Waiting {
  told: number;
  readonly squares: Float64Array;
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
  take(rank: number, { table, width, norms }: LayerSamples): LayerSamples | null {
    if (this.width === 0) this.width = width;
    if (width !== this.width) return null; // of another model: nothing adds up
    const known: { step: number; squares: Float64Array }[] = [];
    for (const [i, step] of norms.steps.entries()) {
      if (step <= this.reached[rank]!) continue;
      this.reached[rank] = step;
      const of = this.waitingAt(step);
      if (!of) continue;
      of.told += 1;
      for (let j = 0; j < width; j += 1) of.squares[j]! += norms.values[i * width + j]! ** 2;
      if (of.told < this.ranks) continue;
      known.push({ step, squares: of.squares });
      // Every rank has come by: what some have not told of the steps before they never will.
      for (const before of this.waiting.keys()) if (before <= step) this.waiting.delete(before);
    }
    if (known.length === 0) return null;
    const values = new Float32Array(known.length * width);
    for (const [i, { squares }] of known.entries()) values.set(squares.map(Math.sqrt), i * width);
    const steps = Float64Array.from(known, ({ step }) => step);
    return { table, areShares: false, width, norms: { steps, values }, weights: null };
  }

  encode(): Uint8Array {
    const { ranks, width, reached } = this;
    const waiting = [...this.waiting];
    const squares = new Float64Array(waiting.length * width);
    for (const [i, [, of]] of waiting.entries()) squares.set(of.squares, i * width);
    const f64 = (data: Float64Array) => ({ dtype: "F64" as const, shape: [data.length], data });
    return encodeFrame({
      metadata: { ranks: String(ranks), width: String(width) },
      columns: {
        reached: f64(reached),
        step: f64(Float64Array.from(waiting, ([step]) => step)),
        told: f64(Float64Array.from(waiting, ([, { told }]) => told)),
        squares: f64(squares),
      },
    });
  }

  /** @throws {FrameError} where the bytes are no such state */
  static decode(bytes: Uint8Array): LayerShares {
    const { metadata, columns } = decodeFrame(bytes);
    const [reached, step, told, squares] = ["reached", "step", "told", "squares"].map((name) => {
      const column = columns[name];
      if (column?.dtype !== "F64") throw new FrameError(name);
      return column.data;
    }) as [Float64Array, Float64Array, Float64Array, Float64Array];
    const shares = new LayerShares(Number(metadata.ranks));
    const width = Number(metadata.width);
    if (reached.length !== shares.ranks || squares.length !== step.length * width)
      throw new FrameError("of other ranks");
    shares.width = width;
    shares.reached.set(reached);
    for (const [i, at] of step.entries())
      shares.waiting.set(at, { told: told[i]!, squares: squares.slice(i * width, (i + 1) * width) });
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
    of = { told: 0, squares: new Float64Array(this.width) };
    this.waiting.set(step, of);
    return of;
  }
}
