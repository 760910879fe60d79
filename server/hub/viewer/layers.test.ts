import { expect, it } from "vitest";
import { frame, hello, ProbeClient, SERIES, ViewerClient } from "../testing/clients.ts";
import { TestHub } from "../testing/test-hub.ts";

const tables = (layers: Record<string, string[]>, changes: Parameters<typeof hello>[0] = {}) =>
  hello({ series: [{ ...SERIES, layers }], ...changes });
const range = (n: number, start = 0) => Array.from({ length: n }, (_, i) => start + i);

async function started(greeting: ReturnType<typeof hello>) {
  const hub = await TestHub.start();
  const { probe } = await ProbeClient.greet(hub.endpoint, greeting);
  return { hub, probe, viewer: await ViewerClient.connect(hub.endpoint) };
}

it("gives each sample while they are few, with what is not finite apart and the weights by themselves", async () => {
  const greeting = tables({ t: ["embed", "head"] });
  const { probe, viewer } = await started(greeting);
  const norms = [
    [1, 2],
    [Number.NaN, 4],
    [Number.POSITIVE_INFINITY, 6],
  ];
  const layers = { table: "t", steps: [3, 5, 9], norms, weighed: [5], weights: [[7, 8]] };
  probe.send(frame(greeting, 0, range(10), {}, { layers }));
  await probe.acknowledged(1);
  const none = Number.NaN;
  expect(await viewer.layers()).toEqual({
    metadata: expect.objectContaining({ run: "run-1", series: "adamw", metric: "grad_norm", rows: "0", layers: "2" }),
    names: ["embed", "head"],
    from: [3, 5, 9],
    to: [3, 5, 9],
    min: [
      [1, none, none],
      [2, 4, 6],
    ],
    max: [
      [1, none, none],
      [2, 4, 6],
    ],
    mean: [
      [1, none, none],
      [2, 4, 6],
    ],
    count: [
      [1, 0, 0],
      [1, 1, 1],
    ],
    nonfinite: [
      [0, 1, 1],
      [0, 0, 0],
    ],
  });
  expect(await viewer.layers({ metric: "weight_norm" })).toMatchObject({ from: [5], max: [[7], [8]] });
  expect(await viewer.layers({ from: 4, to: 9, buckets: 1 })).toMatchObject({
    from: [5],
    to: [9],
    mean: [[none], [5]],
    nonfinite: [[2], [0]],
  });
});

it("agrees with a plain loop over the samples in every window", async () => {
  const greeting = tables({ t: ["a", "b", "c"] });
  const { probe, viewer } = await started(greeting);
  let state = 7;
  const next = () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
  const samples: { step: number; values: number[] }[] = [];
  for (let seq = 0; seq < 300; seq += 1) {
    const steps = range(10, seq * 10);
    const taken = steps.filter(() => next() < 0.3);
    const norms = taken.map(() => range(3).map(() => (next() < 0.05 ? Number.NaN : Math.fround(Math.exp(9 * next())))));
    const layers = taken.length > 0 ? { table: "t", steps: taken, norms } : undefined;
    probe.send(frame(greeting, seq, steps, {}, layers && { layers }));
    for (const [i, step] of taken.entries()) samples.push({ step, values: norms[i]! });
  }
  await probe.acknowledged(300);
  for (const [from, to, buckets] of [
    [0, 3000, 50],
    [0, 3000, 1],
    [0, 3000, 20_000],
    [777, 1234, 33],
    [1000, 1000, 5],
    [2990, 1e9, 2],
  ] as const) {
    const answer = await viewer.layers({ from, to, buckets });
    expect(answer.from.length).toBeLessThanOrEqual(buckets);
    const inside = samples.filter(({ step }) => step >= from && step <= to);
    const seen = answer.from.map((first, bucket) => {
      const own = inside.filter(({ step }) => step >= first && step <= answer.to[bucket]!);
      for (const row of range(3)) {
        const finite = own.map(({ values }) => values[row]!).filter(Number.isFinite);
        expect(answer.count[row]![bucket]).toBe(finite.length);
        expect(answer.nonfinite[row]![bucket]).toBe(own.length - finite.length);
        expect(answer.max[row]![bucket]).toBe(finite.length > 0 ? Math.max(...finite) : Number.NaN);
        expect(answer.min[row]![bucket]).toBe(finite.length > 0 ? Math.min(...finite) : Number.NaN);
        const sum = finite.reduce((total, value) => total + value, 0);
        expect(answer.mean[row]![bucket]).toBe(Math.fround(sum / finite.length));
      }
      return own.length;
    });
    expect(seen.reduce((sum, n) => sum + n, 0)).toBe(inside.length);
    if (buckets >= inside.length) expect(answer.from).toEqual(inside.map(({ step }) => step));
  }
});

it("gives the same in a long run that is kept, opened again, and told late what was missed", async () => {
  const greeting = tables({ t: ["a", "b"] });
  const { hub, probe, viewer } = await started(greeting);
  const normsOf = (step: number) => [step === 1234 ? Number.NaN : step % 1000, step === 4321 ? 1e6 : 1];
  const frameOf = (seq: number) => {
    const steps = range(100, seq * 100);
    const weighed = [steps[50]!];
    const layers = { table: "t", steps, norms: steps.map(normsOf), weighed, weights: weighed.map(normsOf) };
    return frame(greeting, seq, steps, { norm_pre: steps.map(() => 1) }, { layers });
  };
  for (const seq of range(60)) if (seq !== 43) probe.send(frameOf(seq));
  await probe.acknowledged(60);
  const windows = (of: ViewerClient) =>
    Promise.all(
      [
        { from: 0, to: 1e9, buckets: 40 },
        { from: 100, to: 5900, buckets: 5 },
        { from: 1200, to: 1299, buckets: 100 },
        { metric: "weight_norm", buckets: 20 } as const,
      ].map(async (window) => ({ ...(await of.layers(window)), metadata: null })),
    );
  const missing = await windows(viewer);
  expect(missing[0]!.nonfinite.map((row) => row.reduce((sum, n) => sum + n))).toEqual([1, 0]);
  expect(Math.max(...missing[0]!.max[1]!)).toBe(1);
  await hub.stop();
  const again = await TestHub.start({ storage: hub.storage });
  const later = await ViewerClient.connect(again.endpoint);
  expect(await windows(later)).toEqual(missing);
  const late = (await ProbeClient.greet(again.endpoint, greeting)).probe;
  late.send(frameOf(43));
  await late.acknowledged(60);
  const whole = await windows(later);
  expect(Math.max(...whole[0]!.max[1]!)).toBe(1e6);
  expect(whole[0]!.count[1]!.reduce((sum, n) => sum + n)).toBe(6000);
  expect(whole[3]!.count[1]!.reduce((sum, n) => sum + n)).toBe(60);
});

it("is one list of layers over all tables, attempts and a resume that goes over steps again", async () => {
  const first = tables({ small: ["b", "d"], whole: ["a", "b", "?", "?", "d"] });
  const { hub, probe, viewer } = await started(first);
  probe.send(frame(first, 0, [0], {}, { layers: { table: "small", steps: [0], norms: [[2, 4]] } }));
  probe.send(frame(first, 1, [1], {}, { layers: { table: "whole", steps: [1], norms: [[1, 2, 3, 33, 4]] } }));
  await probe.acknowledged(2);
  const second = tables({ small: ["d", "e"] }, { attempt: "attempt-2" });
  const again = await ProbeClient.greet(hub.endpoint, second);
  again.probe.send(frame(second, 0, [1], {}, { layers: { table: "small", steps: [1], norms: [[8, 5]] } }));
  await again.probe.acknowledged(1);
  const { names, from, mean, count } = await viewer.layers();
  expect(names).toEqual(["a", "b", "?", "?", "d", "e"]);
  expect(from).toEqual([0, 1]);
  const none = Number.NaN;
  expect(mean).toEqual([
    [none, 1],
    [2, 2],
    [none, 3],
    [none, 33],
    [4, 6],
    [none, 5],
  ]);
  expect(count.at(-2)).toEqual([1, 2]);
  const rows = await viewer.layers({ rows: { from: 4, count: 1 } });
  expect(rows).toMatchObject({ names: ["d"], mean: [[4, 6]], metadata: { rows: "4", layers: "6" } });
});

it("gives fewer buckets of a model of many layers, and of very many the first", async () => {
  const names = range(5000).map((i) => `block.${i}.weight`);
  const greeting = tables({ t: names });
  const { probe, viewer } = await started(greeting);
  const steps = range(200);
  for (const step of steps) {
    const norms = [names.map((_, layer) => (step === 77 && layer === 4095 ? 1e6 : 1))];
    probe.send(frame(greeting, step, [step], {}, { layers: { table: "t", steps: [step], norms } }));
  }
  await probe.acknowledged(steps.length);
  const answer = await viewer.layers({ buckets: 1000 });
  expect(answer.names).toEqual(names.slice(0, 4096));
  expect(answer.metadata.layers).toBe("5000");
  expect(answer.from.length).toBe(50);
  expect(answer.max[4095]!.filter((value) => value === 1e6).length).toBe(1);
  const rest = await viewer.layers({ buckets: 1000, rows: { from: 4096, count: 10_000 } });
  expect(rest.names).toEqual(names.slice(4096));
  expect(rest.from.length).toBe(200);
});

it("tells ranks apart, and has nothing to say where nothing was sampled", async () => {
  const { hub, probe, viewer } = await started(tables({ t: ["a"] }));
  const other = tables({ t: ["a"] }, { rank: 1, worldSize: 2 });
  const second = await ProbeClient.greet(hub.endpoint, other);
  second.probe.send(frame(other, 0, [1], {}, { layers: { table: "t", steps: [1], norms: [[5]] } }));
  probe.send(frame(hello(), 0, [1], { norm_pre: [1] }));
  await Promise.all([probe.acknowledged(1), second.probe.acknowledged(1)]);
  expect(await viewer.layers({ series: "adamw@1" })).toMatchObject({ names: ["a"], max: [[5]] });
  expect(await viewer.layers()).toMatchObject({ names: ["a"], from: [], max: [[]] });
  expect(await viewer.layers({ series: "no such" })).toMatchObject({ names: [], from: [], max: [] });
  const id = 999;
  viewer.send(
    JSON.stringify({
      id,
      method: "layers",
      run: "run-1",
      series: "adamw",
      metric: "grad_norm",
      from: 2,
      to: 1,
      buckets: 9,
    }),
  );
  expect((await viewer.inbox.find((answer) => answer.id === id)).err?.code).toBe("bad-request");
});
