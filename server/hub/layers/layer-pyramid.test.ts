import { expect, it } from "vitest";
import { type LayerBucket, LayerBuckets } from "./layer-buckets.ts";
import { BlockGone, LayerPyramid } from "./layer-pyramid.ts";

const LAYERS = 3;
const EVERY = Int32Array.of(0, 1, 2);

/** Numbers in [0, 1) that are the same each time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

/** Steps that are now dense, now sparse, with what is not finite and extremes among whole numbers, whose sums are exact. */
function samples(n: number, next: () => number) {
  const steps = new Float64Array(n);
  const values = new Float32Array(n * LAYERS);
  let step = 0;
  for (let i = 0; i < n; i += 1) {
    step += 1 + Math.floor(next() * (i % 3000 < 1500 ? 2 : 40));
    steps[i] = step;
    for (let j = 0; j < LAYERS; j += 1) {
      const chance = next();
      const odd = chance < 0.01 ? Number.NaN : chance < 0.02 ? Number.NEGATIVE_INFINITY : 2 ** 20;
      values[i * LAYERS + j] = chance < 0.03 ? odd : Math.floor(next() * 1000);
    }
  }
  return { steps, values, last: step };
}

/** With blocks that are saved now and then, and the pyramid itself kept and restored. */
function built({ steps, values }: ReturnType<typeof samples>, next: () => number) {
  const saved = new Map<string, Uint8Array>();
  const source = (level: number, index: number) => saved.get(`${level} ${index}`) ?? null;
  let pyramid = new LayerPyramid(LAYERS, source, 5);
  for (let from = 0; from < steps.length; ) {
    const to = Math.min(steps.length, from + 1 + Math.floor(next() * 60));
    pyramid.append(steps.subarray(from, to), values.subarray(from * LAYERS, to * LAYERS));
    from = to;
    if (next() < 0.7) continue;
    for (const { level, index, block } of pyramid.unsaved()) saved.set(`${level} ${index}`, block.encode());
    pyramid.saved();
    if (next() < 0.5) pyramid = LayerPyramid.restore(pyramid.encode(), source);
  }
  return { pyramid, saved };
}

function inWindow(pyramid: LayerPyramid, from: number, to: number, limit: number) {
  const buckets = new LayerBuckets(LAYERS, limit, pyramid.leastWidth(from, to, limit));
  let blocks = 0;
  for (const part of pyramid.within(from, to, () => buckets.width)) {
    part.block.addTo(buckets, EVERY, part.from, part.to);
    blocks += 1;
  }
  return { buckets: buckets.toArray().map(plain), blocks };
}

const plain = ({ from, to, ...cells }: LayerBucket) => ({
  ...{ from, to },
  ...Object.fromEntries(Object.entries(cells).map(([name, column]) => [name, [...column]])),
});

it("gives in every window what its samples alone would have given", () => {
  const next = random(3);
  const taken = samples(9003, next);
  const { steps, values, last } = taken;
  const { pyramid } = built(taken, next);
  for (let i = 0; i < 300; i += 1) {
    const width = last ** next();
    const from = Math.floor(next() * last);
    const to = i === 0 ? last : from + width;
    const limit = 1 + Math.floor(next() ** 2 * 400);
    const direct = new LayerBuckets(LAYERS, limit);
    for (const [k, step] of steps.entries())
      if (step >= from && step <= to) direct.add(step, values, k * LAYERS, EVERY);
    expect(inWindow(pyramid, from, to, limit).buckets).toEqual(direct.toArray().map(plain));
  }
});

it("looks at few blocks, however long the run", () => {
  const next = random(5);
  const taken = samples(40_000, next);
  const { pyramid, saved } = built(taken, next);
  const least = Math.max(...[...saved.keys()].map((key) => Number(key.split(" ")[0])));
  expect(least).toBe(3);
  // 8,000 blocks of samples.
  for (const limit of [1, 20, 100]) {
    const { blocks } = inWindow(pyramid, 0, taken.last, limit);
    expect(blocks).toBeLessThan(16 * (limit + 16));
  }
  expect(inWindow(pyramid, taken.last / 2, taken.last / 2 + 100, 20).blocks).toBeLessThan(40);
  // Not all blocks below the ones that the edges of the window cut.
  for (let i = 0; i < 20; i += 1) {
    const from = Math.floor((taken.last / 2) * next());
    expect(inWindow(pyramid, from, from + Math.floor(taken.last / 3), 5).blocks).toBeLessThan(32);
  }
});

it("begins with buckets about as wide as the answer's", () => {
  const next = random(9);
  for (const spacing of [1, 8, 64]) {
    const steps = Float64Array.from({ length: 20_000 }, (_, i) => i * spacing);
    const pyramid = new LayerPyramid(LAYERS, () => null, 100);
    pyramid.append(steps, new Float32Array(steps.length * LAYERS));
    for (let i = 0; i < 50; i += 1) {
      const from = spacing * Math.floor(10_000 * next());
      const to = from + spacing * Math.floor(500 + 9000 * next());
      const limit = 1 + Math.floor(next() * 300);
      const buckets = new LayerBuckets(LAYERS, limit, pyramid.leastWidth(from, to, limit));
      const begun = buckets.width;
      for (const part of pyramid.within(from, to, () => buckets.width))
        part.block.addTo(buckets, EVERY, part.from, part.to);
      expect(buckets.width / begun).toBeLessThan(4);
    }
  }
});

it("says so when its blocks are gone, because another one has taken its place", () => {
  const next = random(7);
  const taken = samples(2000, next);
  const { pyramid, saved } = built(taken, next);
  saved.clear();
  expect(() => inWindow(pyramid, 0, taken.last, 20)).toThrow(BlockGone);
});
