import { describe, expect, it } from "vitest";
import type { LayerSamples } from "../../../protocol/batch.ts";
import { LayerShares } from "./layer-shares.ts";

const told = (steps: number[], ...rows: number[][]): LayerSamples => ({
  table: "t",
  areShares: true,
  width: rows[0]!.length,
  norms: { steps: Float64Array.from(steps), values: Float32Array.from(rows.flat()) },
  weights: null,
});
const weighed = (layers: LayerSamples, steps: number[], ...rows: number[][]): LayerSamples => ({
  ...layers,
  weights: { steps: Float64Array.from(steps), values: Float32Array.from(rows.flat()) },
});
const known = (layers: LayerSamples | null) => layers && [[...layers.norms.steps], [...layers.norms.values]];

describe("the norms of layers", () => {
  it("are the roots of the sums of all ranks' squared shares", () => {
    const shares = new LayerShares(3);
    expect(shares.take(2, told([0, 8], [2, 0], [6, 3e38]))).toBeNull();
    expect(shares.take(0, told([0, 4, 8], [3, 0], [1, 1], [2, 0]))).toBeNull();
    expect(shares.take(1, told([0], [6, 5]))).toEqual({ ...told([0], [7, 5]), areShares: false });
    expect(known(shares.take(1, told([8], [3, 0])))).toEqual([[8], [7, Math.fround(3e38)]]);
  });

  it("have those of their weights beside them, at the steps at which all ranks have told theirs", () => {
    const shares = new LayerShares(2);
    const first = told([0, 1, 2, 3], [3, 0], [3, 0], [3, 0], [3, 0]);
    shares.take(0, weighed(first, [0, 1, 3], [6, 1], [6, 2], [6, 3]));
    const kept = LayerShares.decode(shares.encode());
    const second = told([0, 1, 2, 3], [4, 1], [4, 1], [4, 1], [4, 1]);
    for (const known of [shares, kept])
      expect(known.take(1, weighed(second, [0, 2, 3], [8, 0], [8, 0], [8, 4]))).toEqual({
        ...weighed(told([0, 1, 2, 3], [5, 1], [5, 1], [5, 1], [5, 1]), [0, 3], [10, 1], [10, 5]),
        areShares: false,
      });
  });

  it("are not finite where a share is not", () => {
    const shares = new LayerShares(2);
    shares.take(0, told([0], [Number.NaN, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]));
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NaN];
    expect(known(shares.take(1, told([0], [1, 1, Number.NaN])))).toEqual([[0], values]);
  });

  it("go on where they were kept, and of a step that was told twice as if it had been once", () => {
    const shares = new LayerShares(2);
    shares.take(0, told([0, 1], [3], [6]));
    const kept = LayerShares.decode(shares.encode());
    expect(kept.take(0, told([1], [6]))).toBeNull();
    expect(known(kept.take(1, told([0, 1], [4], [8])))).toEqual([
      [0, 1],
      [5, 10],
    ]);
  });

  it("leave out the oldest where a rank is far behind", () => {
    const shares = new LayerShares(2, 4);
    shares.take(0, told([0, 1, 2], [3, 3], [3, 3], [3, 3]));
    expect(known(shares.take(1, told([0, 1, 2], [4, 4], [4, 4], [4, 4])))).toEqual([
      [1, 2],
      [5, 5, 5, 5],
    ]);
  });
});
