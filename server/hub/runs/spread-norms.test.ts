import { describe, expect, it } from "vitest";
import { type Batch, readBatch } from "../../../protocol/batch.ts";
import { decodeFrame } from "../../../protocol/frame.ts";
import { SCALARS, type Scalar } from "../../../protocol/scalars.ts";
import { frame, hello } from "../testing/clients.ts";
import { SpreadNorms } from "./spread-norms.ts";

const STARTED_AT = 1000;
type Values = Partial<Record<Scalar, (number | undefined)[]>>;

const batch = (steps: number[], values: Values): Batch =>
  readBatch(decodeFrame(frame(hello(), 0, steps, values, { startedAt: STARTED_AT })));
const shares = (steps: number[], ...shard_pre: (number | undefined)[]) => batch(steps, { shard_pre });

/** Step and norm (null: none) of each row. */
const rows = (batches: Batch[], name: Scalar = "norm_pre") =>
  batches.flatMap(({ steps, present, scalars }) =>
    Array.from(steps, (step, i) => [step, present[i]! & (1 << SCALARS[name].bit) ? scalars[name]![i] : null]),
  );

describe("a norm", () => {
  it("is the root of the sum of the squared shares, before and after clipping", () => {
    const norms = new SpreadNorms(3);
    norms.take(0, batch([0, 1], { shard_pre: [2, 1], shard_post: [1, undefined], loss: [5, 6] }));
    norms.take(1, batch([0, 1], { shard_pre: [3, 1], shard_post: [2, undefined] }));
    expect(norms.release()).toEqual([]);
    norms.take(2, batch([0, 1], { shard_pre: [6, 1], shard_post: [2, undefined] }));
    const released = norms.release();
    expect(rows(released)).toEqual([
      [0, 7],
      [1, Math.hypot(1, 1, 1)],
    ]);
    expect(rows(released, "norm_post")).toEqual([
      [0, 3],
      [1, null],
    ]);
    expect(rows(released, "loss")).toEqual([
      [0, 5],
      [1, 6],
    ]);
    expect(rows(released, "shard_pre")).toEqual([
      [0, 2],
      [1, 1],
    ]);
  });

  it("of the update, over that of the weights, is their ratio, also where every rank knows the gradients' norm", () => {
    const norms = new SpreadNorms(2);
    norms.take(0, batch([0, 1, 2], { norm_pre: [1, 1, 1], shard_update: [3, 3, 0], shard_weights: [6, 6, 0] }));
    expect(rows(norms.release(), "update_ratio")).toEqual([]);
    norms.take(1, batch([0, 1, 2], { norm_pre: [1, 1, 1], shard_update: [4, 4, 0], shard_weights: [8, undefined, 0] }));
    const released = norms.release();
    expect(rows(released, "update_ratio")).toEqual([
      [0, 0.5],
      [1, null],
      [2, Number.NaN],
    ]);
    expect(rows(released)).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
    ]);
  });

  it("is not finite where a share is not, and doesn't overflow", () => {
    const norms = new SpreadNorms(2);
    norms.take(0, shares([0, 1, 2, 3], Number.NaN, 1, Number.POSITIVE_INFINITY, 3 * 2 ** 600));
    norms.take(1, shares([0, 1, 2, 3], Number.POSITIVE_INFINITY, Number.NaN, 1, 4 * 2 ** 600));
    expect(rows(norms.release())).toEqual([
      [0, Number.NaN],
      [1, Number.NaN],
      [2, Number.POSITIVE_INFINITY],
      [3, 5 * 2 ** 600],
    ]);
  });

  it("is not waited for where every rank knew it", () => {
    const norms = new SpreadNorms(2);
    const told = batch([0, 1], { norm_pre: [3, 4] });
    norms.take(0, told);
    expect(norms.release()).toEqual([told]);
  });

  it("keeps its place among steps of which every rank knew the norm", () => {
    const norms = new SpreadNorms(2);
    norms.take(0, batch([0, 1, 2], { norm_pre: [1, undefined, 1], shard_pre: [undefined, 3, undefined] }));
    expect(rows(norms.release())).toEqual([[0, 1]]);
    norms.take(1, batch([0, 1], { norm_pre: [1, undefined], shard_pre: [undefined, 4] }));
    expect(rows(norms.release())).toEqual([
      [1, 5],
      [2, 1],
    ]);
  });
});

describe("a share that is missing", () => {
  it("leaves a gap once its rank has gone on", () => {
    const norms = new SpreadNorms(2);
    norms.take(0, shares([0, 1, 2], 3, 3, 3));
    norms.take(1, shares([0], 4));
    expect(rows(norms.release())).toEqual([[0, 5]]);
    norms.take(1, shares([2], 4));
    expect(rows(norms.release())).toEqual([
      [1, null],
      [2, 5],
    ]);
    expect(norms.isOutdated(30)).toBe(false);
  });

  it("leaves a gap where its rank could not tell it", () => {
    const norms = new SpreadNorms(2);
    norms.take(0, shares([0, 1], 3, 3));
    norms.take(1, shares([0, 1], undefined, 4));
    expect(rows(norms.release())).toEqual([
      [0, null],
      [1, 5],
    ]);
  });

  it("leaves a gap after a while; if it comes at last, the run should be gone over anew", () => {
    const norms = new SpreadNorms(2);
    norms.take(0, shares([0, 1, 2], 3, 3, 3));
    expect(rows(norms.release(STARTED_AT + 2))).toEqual([
      [0, null],
      [1, null],
    ]);
    expect(norms.isOutdated(30)).toBe(false);
    norms.take(1, shares([0, 1, 2], 4, 4, 4));
    expect(rows(norms.release())).toEqual([[2, 5]]);
    expect(norms.isOutdated(30)).toBe(true);
    norms.forgetMissed();
    expect(norms.isOutdated(30)).toBe(false);
  });

  it("is no reason to go over the run as long as its rank lags behind", () => {
    const norms = new SpreadNorms(2);
    norms.take(0, shares([0, 100], 3, 3));
    norms.release(STARTED_AT + 60);
    norms.take(1, shares([0], 4));
    expect(norms.isOutdated(30)).toBe(false);
    norms.take(1, shares([100], 4));
    expect(norms.isOutdated(30)).toBe(true);
  });
});

describe("ranks that are far apart", () => {
  it("come together however far the first is ahead, within bounds", () => {
    const norms = new SpreadNorms(2);
    const steps = Array.from({ length: 20_000 }, (_, step) => step);
    norms.take(0, shares(steps, ...steps.map(() => 3)));
    for (let from = 0; from < steps.length; from += 500) {
      const part = steps.slice(from, from + 500);
      norms.take(1, shares(part, ...part.map(() => 4)));
      expect(rows(norms.release())).toEqual(part.map((step) => [step, 5]));
    }
  });

  it("come together where rank 0 is behind", () => {
    const norms = new SpreadNorms(2);
    norms.take(1, shares([0, 1, 2], 4, 4, 4));
    norms.take(0, shares([0], 3));
    expect(rows(norms.release())).toEqual([[0, 5]]);
    norms.take(0, shares([1, 2], 3, 3));
    expect(rows(norms.release())).toEqual([
      [1, 5],
      [2, 5],
    ]);
  });

  it.each([0, 1])("take no more memory than they may when rank %i is ahead", (ahead) => {
    const norms = new SpreadNorms(2, 20);
    const steps = Array.from({ length: 25 }, (_, step) => step);
    norms.take(ahead, shares(steps, ...steps.map(() => 3)));
    const early = rows(norms.release());
    expect(early).toEqual(ahead === 0 ? steps.slice(0, 15).map((step) => [step, null]) : []);
    norms.take(1 - ahead, shares(steps, ...steps.map(() => 4)));
    const late = rows(norms.release());
    expect([...early, ...late]).toEqual(steps.map((step) => [step, step < 15 ? null : 5]));
    expect(norms.isOutdated(30)).toBe(true);
  });
});
