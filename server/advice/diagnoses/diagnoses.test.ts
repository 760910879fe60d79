import { describe, expect, it } from "vitest";
import type { Diagnosis } from "../../../protocol/advice.ts";
import { type ObservedStep, SeriesMonitor } from "../monitor.ts";
import { silent } from "../testing/silent-step.ts";

type Observation = Partial<ObservedStep>;

interface Run {
  readonly steps: readonly Observation[];
  readonly optimizer?: string;
  readonly layers?: Readonly<Record<string, (step: number) => number>>;
}

function diagnoses({ steps, optimizer = "torch.optim.SGD", layers = {} }: Run): Diagnosis[] {
  const monitor = new SeriesMonitor();
  const names = Object.keys(layers);
  for (const [i, step] of steps.entries()) {
    monitor.observe({ ...silent, step: i, time: i, ...step });
    if (names.length > 0 && i % 10 === 0)
      monitor.observeLayers({ step: i, norms: Object.values(layers).map((norm) => norm(i)) });
  }
  return monitor.advice({ optimizer, layers: (count) => (count === names.length ? names : null) }).diagnoses;
}

const kinds = (run: Run) => diagnoses(run).map(({ kind }) => kind);
const noise = (i: number) => 1 + 0.1 * Math.sin(i * 1.7);
const steps = (count: number, at: (i: number) => Observation) => Array.from({ length: count }, (_, i) => at(i));

describe("learning rate too hot", () => {
  const rated = (loss: (i: number) => number, rate: (i: number) => number, ratio: number | null = null) =>
    steps(500, (i) => ({ loss: noise(i) * loss(i), learningRate: rate(i), updateRatio: ratio }));
  const constant = () => 0.1;
  it.each([
    ["large updates, and a loss that stays", rated(() => 2, constant, 0.1), ["hot-learning-rate"]],
    ["large updates, and a loss that falls", rated((i) => 2 / (1 + i / 100), constant, 0.1), []],
    ["large updates, and a loss that fell at once", rated((i) => (i < 20 ? 2 : 0.4), constant, 0.04), []],
    ["small updates, and a loss that stays", rated(() => 2, constant, 1e-3), []],
    ["no update known, and a loss that stays", rated(() => 2, constant), []],
    [
      "a rate that rose, and the loss with it",
      rated(
        (i) => (i < 300 ? 1 : 3),
        (i) => (i < 300 ? 1 : 10),
      ),
      ["hot-learning-rate"],
    ],
    [
      "a warm-up under which the loss falls",
      rated(
        (i) => 2 - i / 400,
        (i) => Math.min(1, i / 300),
      ),
      [],
    ],
    [
      "a rate that rose while the loss did not",
      rated(
        () => 1,
        (i) => (i < 300 ? 1 : 10),
      ),
      [],
    ],
    [
      "a restart that returns to a rate of before",
      rated(
        (i) => [2, 0.5, 1.5][Math.floor(i / 170)]!,
        (i) => [10, 1, 10][Math.floor(i / 170)]!,
      ),
      [],
    ],
    ["a loss that rose at the same rate", rated((i) => (i < 300 ? 1 : 3), constant), []],
    [
      "a loss below zero",
      rated(
        (i) => (i < 300 ? -3 : -1),
        (i) => (i < 300 ? 1 : 10),
      ),
      [],
    ],
  ])("%s", (_, run, expected) => {
    expect(kinds({ steps: run })).toEqual(expected);
  });

  it("says so of large updates that ended in NaN, and not of small ones", () => {
    const ended = (updateRatio: number) => [
      ...steps(60, (i) => ({ loss: noise(i), normPre: noise(i), updateRatio })),
      ...steps(5, () => ({ loss: Number.NaN, normPre: Number.NaN })),
    ];
    expect(kinds({ steps: ended(0.3) })).toEqual(["hot-learning-rate"]);
    expect(kinds({ steps: ended(0.003) })).toEqual([]);
  });
});

describe("layers", () => {
  const run = steps(400, (i) => ({ normPre: noise(i), loss: 3 - i / 200 }));
  const geometric = (factor: number, count = 6) =>
    Object.fromEntries(
      steps(count, () => ({})).flatMap((_, depth) =>
        ["weight", "bias"].map((of) => [`blocks.${depth}.${of}`, (i: number) => noise(i) * factor ** (count - depth)]),
      ),
    );
  const untilNaN = (layers: Record<string, (i: number) => number>) =>
    Object.fromEntries(
      Object.entries(layers).map(([name, norm]) => [name, (i: number) => (i < 390 ? norm(i) : Number.NaN)]),
    );
  it.each([
    ["gradients that shrink tenfold a layer", geometric(0.1), ["vanishing"]],
    ["gradients that shrink by a third a layer", geometric(0.66), []],
    ["a large gradient of the last layer alone", { ...geometric(1), "head.weight": () => 1e5 }, []],
    [
      "a small gradient of the first layer without a trend",
      { "scale.gain": () => 1e-2, ...geometric(1), "head.weight": () => 20 },
      [],
    ],
    ["two modules", geometric(1e-3, 2), []],
    ["a layer at zero", { ...geometric(1), "head.weight": () => 0 }, ["dead"]],
    ["a layer that has no gradient", { ...geometric(1), "head.weight": () => Number.NaN }, []],
    [
      "a layer that is zero now and then",
      { ...geometric(1), "head.weight": (i: number) => (i % 100 === 0 ? 1 : 0) },
      [],
    ],
    ["a layer at zero until all is NaN", { ...untilNaN(geometric(1)), "head.weight": () => 0 }, ["dead"]],
    ["zero everywhere", { a: () => 0, b: () => 0 }, []],
  ])("%s", (_, layers, expected) => {
    expect(kinds({ steps: run, layers })).toEqual(expected);
  });

  it.each([
    ["optax.adam", ["cell", "decoder", "embedding", "head"], []],
    ["torch.optim.Adam", ["cell", "decoder", "embedding", "head"], ["vanishing"]],
    ["optax.adam", ["embedding", "cell", "decoder", "head"], ["vanishing"]],
    ["optax.adam", ["dense_0", "dense_1", "dense_2", "dense_3"], ["vanishing"]],
    ["optax.adam", ["dense_0", "dense_10", "dense_2", "dense_3"], []],
  ])("of %s, that shrink over %j, only where these may be in order of depth", (optimizer, modules, expected) => {
    const layers = Object.fromEntries(
      modules.map((module, depth) => [`${module}.kernel`, (i: number) => noise(i) * 0.05 ** (modules.length - depth)]),
    );
    expect(kinds({ steps: run, optimizer, layers })).toEqual(expected);
  });

  it("names the parameters, and the steps", () => {
    const [dead] = diagnoses({ steps: run, layers: { ...geometric(1), "head.weight": (i) => (i < 100 ? 1 : 0) } });
    expect(dead).toMatchObject({ confidence: "certain", firstStep: 100, lastStep: 390 });
    expect(dead!.evidence).toContain("1 of 13 parameters has had");
    expect(dead!.evidence).toContain("head.weight");
  });

  it("says nothing where the names can't be told", () => {
    const monitor = new SeriesMonitor();
    for (const [i, step] of run.entries()) {
      monitor.observe({ ...silent, step: i, time: i, ...step });
      monitor.observeLayers({ step: i, norms: [1e-9, 1e-5, 1, 0] });
    }
    expect(monitor.advice().diagnoses).toEqual([]);
  });
});

describe("no gradient", () => {
  const zero = (count: number, also: Observation = { loss: 2 }) => steps(count, () => ({ normPre: 0, ...also }));
  const alive = steps(200, (i) => ({ normPre: noise(i), loss: 3 - i / 100 }));
  it.each([
    ["from the first step on", zero(60), ["no-gradient"]],
    ["after gradients", [...alive, ...zero(30)], ["no-gradient"]],
    ["for fewer updates", [...alive, ...zero(29)], []],
    ["until it came back", [...zero(60), ...alive], []],
    ["where the loss is not known", zero(60, {}), ["no-gradient"]],
    ["of a loss that is zero, too", [...alive, ...zero(60, { loss: 0 })], []],
    ["between steps without a norm", zero(120).map((step, i) => (i % 2 ? { loss: 2 } : step)), ["no-gradient"]],
    ["only where the scaler skipped", steps(60, () => ({ normPre: 0, loss: 2, skipped: true })), ["overflow"]],
  ])("%s", (_, run, expected) => {
    expect(kinds({ steps: run })).toEqual(expected);
  });

  it("tells since when", () => {
    const [found] = diagnoses({ steps: [...alive, ...zero(40)] });
    expect(found).toMatchObject({ confidence: "certain", firstStep: 200, lastStep: 239 });
    expect(found!.evidence).toContain("at 40 updates in a row");
  });
});

describe("bad batch", () => {
  const ordinary = (i: number) => ({ normPre: noise(i), loss: noise(i) });
  const bad = (...at: number[]) => steps(400, (i) => (at.includes(i) ? { normPre: 40, loss: 30 } : ordinary(i)));
  it.each([
    ["norm and loss of one step", bad(200), ["bad-batch"]],
    ["the norm alone", steps(400, (i) => ({ ...ordinary(i), normPre: i === 200 ? 40 : noise(i) })), []],
    ["the loss alone", steps(400, (i) => ({ ...ordinary(i), loss: i === 200 ? 40 : noise(i) })), []],
    ["too short a past", bad(20), []],
    [
      "from which the loss does not come back",
      steps(400, (i) => (i === 200 ? { normPre: 40, loss: 30 } : { ...ordinary(i), loss: i > 200 ? 30 : noise(i) })),
      [],
    ],
    ["every fiftieth", bad(100, 150, 200, 250, 300, 350), []],
    ["less than ten steps ago", steps(205, (i) => (i === 200 ? { normPre: 40, loss: 30 } : ordinary(i))), []],
  ])("%s", (_, run, expected) => {
    expect(kinds({ steps: run })).toEqual(expected);
  });

  it("names the step", () => {
    expect(diagnoses({ steps: bad(200) })[0]).toMatchObject({ firstStep: 200, lastStep: 200, confidence: "likely" });
  });
});

describe("overflow", () => {
  const skipped = (count: number) => steps(count, (i) => ({ skipped: true, lossScale: 65536 / 2 ** i }));
  const made = (count: number) => steps(count, (i) => ({ normPre: noise(i), loss: 3 - i / 200, lossScale: 65536 }));
  it.each([
    ["20 skipped in a row", [...made(300), ...skipped(20)], ["overflow"]],
    ["19 skipped in a row", [...made(300), ...skipped(19)], []],
    ["which is past", [...skipped(25), ...made(300)], []],
    ["single ones", steps(400, (i) => (i % 10 === 0 ? { skipped: true } : made(400)[i]!)), []],
  ])("%s", (_, run, expected) => {
    expect(kinds({ steps: run })).toEqual(expected);
  });

  it("says how far the scale fell", () => {
    const [found] = diagnoses({ steps: [...made(300), ...skipped(21)] });
    expect(found).toMatchObject({ confidence: "certain", firstStep: 300, lastStep: 320 });
    expect(found!.evidence).toContain("from 65,536 to 0.063");
  });
});

describe("clipping", () => {
  const clipped = (norm: number, loss: (i: number) => number) =>
    steps(1200, (i) => ({ normPre: norm * noise(i), threshold: 1, loss: noise(i) * loss(i) }));
  const stays = () => 2;
  it.each<[string, Run, string[]]>([
    ["far too hard, under SGD", { steps: clipped(20, stays) }, ["over-clipping"]],
    ["far too hard, under Adam", { steps: clipped(20, stays), optimizer: "torch.optim.AdamW" }, []],
    ["far too hard, under who knows what", { steps: clipped(20, stays), optimizer: "mine.Optimizer" }, []],
    ["hard, and the loss falls", { steps: clipped(20, (i) => 2 - i / 700) }, []],
    ["a little, at every step", { steps: clipped(2, stays) }, []],
    ["never", { steps: clipped(0.5, stays) }, ["inactive"]],
    ["never, of 999 steps", { steps: clipped(0.5, stays).slice(0, 999) }, []],
    ["unclipped", { steps: clipped(0.5, stays).map((step) => ({ ...step, threshold: null })) }, []],
  ])("%s", (_, run, expected) => {
    expect(kinds(run)).toEqual(expected);
  });
});

it.each([
  [29, undefined],
  [30, "preliminary"],
  [199, "preliminary"],
  [200, "certain"],
])("of %i steps the confidence is %s", (count, confidence) => {
  const [found] = diagnoses({ steps: steps(count, () => ({ skipped: true })) });
  expect(found?.confidence).toBe(confidence);
});
