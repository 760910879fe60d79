import { expect, test } from "vitest";
import type { SeriesDetail } from "../../protocol/viewer.ts";
import { chartCsv, distributionCsv, layersCsv } from "./csv.ts";
import type { ChartSpec } from "./spec.ts";

test("a chart's numbers are whole, and what was not recorded is empty", () => {
  const none = Number.NaN;
  const buckets = {
    min: Float64Array.of(0.1, none),
    mean: Float64Array.of(1 / 3, none),
    max: Float64Array.of(2e-7, none),
    last: Float64Array.of(0.1, none),
    count: Uint32Array.of(2, 0),
    nonfinite: Uint32Array.of(0, 1),
  };
  const tile = {
    from: Float64Array.of(0, 2),
    to: Float64Array.of(1, 3),
    metrics: new Map([["loss", buckets]]),
  } as const;
  const line = { name: "", color: "loss" } as const;
  const spec = {
    lines: [
      { ...line, metric: "loss" },
      { ...line, metric: "lr" },
      { ...line, metric: "loss", applies: () => false },
    ],
  } as unknown as ChartSpec;
  expect(chartCsv(spec, { series: {} as SeriesDetail, tile, others: [] }, "run")).toBe(
    [
      "from,to,loss.min,loss.mean,loss.max,loss.count,loss.nonfinite",
      "0,1,0.1,0.3333333333333333,2e-7,2,0",
      "2,3,,,,0,1",
      "",
    ].join("\r\n"),
  );
});

test("other runs follow in buckets of their own, each row with its run's name", () => {
  const of = (...values: number[]) => ({
    min: Float64Array.from(values),
    mean: Float64Array.from(values),
    max: Float64Array.from(values),
    last: Float64Array.from(values),
    count: Uint32Array.from(values, () => 1),
    nonfinite: Uint32Array.from(values, () => 0),
  });
  const series = {} as SeriesDetail;
  const tile = {
    from: Float64Array.of(0),
    to: Float64Array.of(1),
    metrics: new Map([
      ["norm_pre", of(3)],
      ["norm_post", of(1)],
    ] as const),
  };
  const others = ["a", "b,c"].map((name, place) => {
    const metrics = new Map([["norm_pre", of(5 + place, 6)]] as const);
    return { place, name, series, tile: { from: Float64Array.of(0, 7), to: Float64Array.of(0, 7), metrics } };
  });
  const spec = {
    lines: [
      { metric: "norm_pre", compared: true },
      { metric: "norm_post", compared: true },
    ],
  } as unknown as ChartSpec;
  expect(chartCsv(spec, { series, tile, others }, "mine").split("\r\n").slice(1, -1)).toEqual([
    "mine,0,1,3,3,3,1,0,1,1,1,1,0",
    "a,0,0,5,5,5,1,0,,,,,",
    "a,7,7,6,6,6,1,0,,,,,",
    '"b,c",0,0,6,6,6,1,0,,,,,',
    '"b,c",7,7,6,6,6,1,0,,,,,',
  ]);
});

test("names are quoted where they must be", () => {
  const one = Float32Array.of(0.5);
  const tile = {
    names: ['a,"b"'],
    first: 0,
    total: 1,
    from: Float64Array.of(7),
    to: Float64Array.of(7),
    min: one,
    mean: one,
    max: one,
    count: Uint32Array.of(1),
    nonfinite: Uint32Array.of(0),
  };
  expect(layersCsv(tile).split("\r\n")[1]).toBe('"a,""b""",7,7,0.5,0.5,0.5,1,0');
});

test("a distribution is its norms and how many steps had each", () => {
  expect(distributionCsv({ resolution: 0, norms: [0.1, 2], counts: [3, 1] })).toBe("norm,steps\r\n0.1,3\r\n2,1\r\n");
});
