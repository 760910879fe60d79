/** A run that is written to JSON Lines and imported into another store is the same run, in all that a viewer can ask for. */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { decodeFrame, encodeFrame } from "../../../protocol/frame.ts";
import type { LayerSource, SeriesInfo, Story } from "../../../protocol/telemetry.ts";
import { layerMetric, metric, type RunDetail } from "../../../protocol/viewer.ts";
import { end, event, frame, hello, ProbeClient, SERIES, ViewerClient } from "../testing/clients.ts";
import { TestHub, temporaryFolder } from "../testing/test-hub.ts";

const METRICS = [
  ...(["norm_pre", "norm_post", "threshold", "loss", "lr", "update_ratio", "step_time", "loss_scale"] as const),
  ...(["shard_pre", "shard_post", "clipped", "lr_2", "lr_3", "lr_4", "lr_5", "lr_6"] as const),
].map((name) => metric(name));
const LAYER_METRICS = [layerMetric("grad_norm"), layerMetric("weight_norm")];
const range = (n: number, from = 0) => Array.from({ length: n }, (_, i) => from + i);

/** What differs by nature: which run it is, and that it came from a file. */
const told = ({ summary: { id: _, source: __, ...summary }, ...detail }: RunDetail) => ({ ...detail, summary });

async function everything(viewer: ViewerClient, run: string) {
  const detail = await viewer.subscribe(run);
  const series = await Promise.all(
    detail.series.map(async ({ id: name }) => {
      const window = async (from: number, to: number, buckets: number) => {
        const { metadata: _, ...grad } = await viewer.layers({ run, series: name, from, to, buckets });
        const { metadata: __, ...weight } = await viewer.layers({
          ...{ run, series: name, from, to, buckets },
          metric: LAYER_METRICS[1]!,
        });
        const tile = await viewer.tile({ run, series: name, metrics: METRICS, from, to, buckets });
        return { tile, grad, weight };
      };
      const windows = [await window(0, 1e9, 20_000), await window(0, 1e9, 7), await window(30, 61, 5)];
      const layers = windows[0]!.grad.names;
      const sources = layers.map((layer) => viewer.request("layerSource", { run, series: name, layer }));
      const distribution = await viewer.request("distribution", { run, series: name });
      return { name, windows, sources: await Promise.all(sources), distribution };
    }),
  );
  return { ...told(detail), series: detail.series, seen: series };
}

async function exported(viewer: ViewerClient, name = "run.jsonl"): Promise<string> {
  const file = join(temporaryFolder(), name);
  await viewer.request("export", { run: "run-1", format: "json-lines", file });
  return file;
}

async function imported(file: string) {
  const viewer = await ViewerClient.connect((await TestHub.start()).endpoint);
  const { columns } = await viewer.request<{ columns: object }>("inspect", { file });
  const { run } = await viewer.request<{ run: string }>("import", { file, columns });
  return { viewer, run };
}

/** Of `rates[i]` the learning rates of all groups at the frame's step i. */
function withRates(bytes: Uint8Array, rates: number[][]): Uint8Array {
  const { metadata, columns } = decodeFrame(bytes);
  const data = Float64Array.from(rates.flat());
  return encodeFrame({
    metadata,
    columns: { ...columns, group_lr: { dtype: "F64", shape: [rates.length, rates[0]!.length], data } },
  });
}

const made = (owner: string, line: number): LayerSource => ({
  module: "torch.nn.modules.linear.Linear",
  owner,
  definition: { file: "/home/ada/model.py", line: 1 },
  assignment: { file: "/home/ada/model.py", line },
});
const NAMES = ["embed", "?", "?", "head"];
const DECLARED: SeriesInfo = {
  ...SERIES,
  optimizer: "torch.optim.AdamW",
  site: { file: "/home/ada/train.py", line: 41 },
  clip: {
    kind: "norm",
    function: "torch.nn.utils.clip_grad_norm_",
    location: { file: "/home/ada/train.py", line: 40 },
  },
  layers: { all: NAMES, few: ["head", "late"] },
  code: { sources: [made("Net", 4), made("Head", 9)], of: { all: [0, null, null, 1], few: [1, 0] } },
};
const STORY: Story = {
  incident: { kind: "explosion", series: "adamw", step: 57, time: 1_790_000_057 },
  sections: [{ title: "What happened", lines: ["It exploded."], table: [["step", "norm"]] }],
};

/** Two attempts, layers in two tables, groups that part, a lost frame, and what the user and the probe said. */
async function recorded(): Promise<ViewerClient> {
  const hub = await TestHub.start();
  const other = { ...SERIES, id: 'the, "other"', label: "The other" };
  const first = hello({ series: [DECLARED, other, { ...SERIES, id: "silent" }] });
  const { probe } = await ProbeClient.greet(hub.endpoint, first);
  const odd = (i: number) => (i === 20 ? Number.NaN : i === 21 ? Number.POSITIVE_INFINITY : 1 + (i % 5) / 3);
  const layers = {
    table: "all",
    steps: [1, 20, 33],
    norms: [
      [0.1, 0.2, 0.3, 1e-30],
      [Number.NaN, Number.POSITIVE_INFINITY, 3e38, 0],
      [1 / 3, 2, 3, 4],
    ],
    weighed: [20],
    weights: [[5, 6, 7, 1 / 7]],
  };
  const values = {
    norm_pre: range(40).map(odd),
    threshold: range(40).map(() => 1.5),
    loss: range(40).map((i) => (i % 2 ? 1 / (i + 1) : undefined)),
    lr: range(40).map(() => 0.1),
  };
  const flags = range(40).map((i) => (i === 21 ? 1 : i === 22 ? 2 : 0));
  const rates = range(40).map((i) => [0.1, i < 10 ? 0.1 : 0.2]);
  probe.send(withRates(frame(first, 0, range(40), values, { flags, layers }), rates));
  const note = event(1, {
    series: "adamw",
    step: 3,
    time: 1_790_000_003.5,
    message: "epoch 1",
    data: { lr: "Infinity" },
  });
  probe.send(note);
  const more = { norm_pre: [1, 2, 90], lr: [0.1, 0.1, 0.1] };
  const few = { table: "few", steps: [51], norms: [[8, 9]] };
  probe.send(
    withRates(
      frame(first, 3, [50, 51, 52], more, { layers: few }),
      [50, 51, 52].map(() => [0.1, 0.2, 0.3]),
    ),
  );
  probe.send(frame(first, 4, range(300), { norm_pre: range(300).map((i) => 2 + Math.sin(i)) }, { series: other.id }));
  probe.send(event(5, { kind: "warning", series: null, message: "blind", time: 1_790_000_300.5 }));
  await probe.acknowledged(6);
  await probe.close();
  const second = hello({ attempt: "again", series: [{ ...DECLARED, layers: { all: ["embed", "late"] }, code: null }] });
  const again = (await ProbeClient.greet(hub.endpoint, second)).probe;
  const late = { table: "all", steps: [45], norms: [[3, 4]] };
  again.send(frame(second, 0, range(20, 40), { norm_pre: range(20).map((i) => 3 ** i) }, { layers: late }));
  again.send(end(1, { status: "failed", error: "RuntimeError: it blew up", exitCode: 1, story: STORY }));
  await again.acknowledged(2);
  const viewer = await ViewerClient.connect(hub.endpoint);
  await viewer.request("rename", { run: "run-1", name: "the one that blew up" });
  await viewer.request("tag", { run: "run-1", tags: ["bad", "warm-up"] });
  await viewer.request("note", { run: "run-1", note: "Ask Bo." });
  return viewer;
}

it("gives the same run again, but for the id and where it came from", async () => {
  const viewer = await recorded();
  const original = await everything(viewer, "run-1");
  expect(original).toMatchObject({ attempts: 2, summary: { status: "failed" }, story: { incident: { step: 57 } } });
  expect(original.events.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(["note", "warning", "gap", "restart"]),
  );
  expect(original.seen[0]!.windows[0]!.grad).toMatchObject({ names: [...NAMES, "late"] });
  expect(original.series[0]!.rates).toHaveLength(3);
  const again = await imported(await exported(viewer));
  const found = await everything(again.viewer, again.run);
  expect(found).toEqual(original);
  // And once more: what was imported is as whole as what was recorded.
  const file = join(temporaryFolder(), "again.jsonl");
  await again.viewer.request("export", { run: again.run, format: "json-lines", file });
  const third = await imported(file);
  expect(await everything(third.viewer, third.run)).toEqual(original);
});

it("gives the ranks again, each with its layers, and the norm of all of them", async () => {
  const hub = await TestHub.start();
  for (const [rank, share] of [3, 4].entries()) {
    const series = { ...SERIES, layers: { t: ["fc.weight", "fc.bias"] } };
    const greeting = hello({ rank, worldSize: 2, group: "g", attempt: `of-${rank}`, series: [series] });
    const { probe } = await ProbeClient.greet(hub.endpoint, greeting);
    const layers = { table: "t", steps: [1], norms: [[share, 0.5]] };
    probe.send(frame(greeting, 0, range(80), { shard_pre: range(80).map((i) => share * (i + 1)) }, { layers }));
    probe.send(end(1, { exitCode: rank }));
    await probe.acknowledged(2);
  }
  const viewer = await ViewerClient.connect(hub.endpoint);
  const original = await everything(viewer, "run-1");
  expect(original.series[0]!.latest.norm_pre).toBe(400);
  expect(original.seen.map(({ windows }) => windows[0]!.grad.max)).toEqual([
    [[3], [0.5]],
    [[4], [0.5]],
  ]);
  const again = await imported(await exported(viewer));
  expect(await everything(again.viewer, again.run)).toEqual(original);
});

it("cuts frames where another table of layers begins, and loses nothing", async () => {
  const hub = await TestHub.start();
  const names = range(50).map((i) => `block.${i}.weight`);
  const greeting = hello({ series: [{ ...SERIES, layers: { a: names, b: names.toReversed() } }] });
  const { probe } = await ProbeClient.greet(hub.endpoint, greeting);
  for (const seq of range(8)) {
    const steps = range(400, seq * 400);
    const table = seq % 2 ? "b" : "a";
    const layers = {
      table,
      steps: steps.slice(10, 70),
      norms: range(60).map((i) => names.map((_, j) => seq + i + j / 7)),
    };
    probe.send(frame(greeting, seq, steps, { norm_pre: steps.map((step) => step) }, { layers }));
  }
  await probe.acknowledged(8);
  const viewer = await ViewerClient.connect(hub.endpoint);
  const file = await exported(viewer);
  const again = await imported(file);
  for (const rows of [
    { from: 0, count: 8 },
    { from: 40, count: 10 },
  ]) {
    const window = { from: 0, to: 1e9, buckets: 4000, rows };
    const { metadata: _, ...original } = await viewer.layers(window);
    const { metadata: __, ...found } = await again.viewer.layers({ ...window, run: again.run });
    expect(original.from).toHaveLength(480);
    expect(found).toEqual(original);
  }
  expect(await again.viewer.tile({ run: again.run, buckets: 3200 })).toEqual(await viewer.tile({ buckets: 3200 }));
});

it.each<[string, string, RegExp]>([
  [
    "layers of no table",
    '{"rank":0,"attempt":0,"series":"adamw","step":1,"layers":"x","layer_norm":[1]}',
    /layer_norm/,
  ],
  [
    "too many layers",
    '{"rank":0,"attempt":0,"series":"adamw","step":1,"layers":"all","layer_norm":[1,2]}',
    /layer_norm/,
  ],
  [
    "layers that are no numbers",
    '{"rank":0,"attempt":0,"series":"adamw","step":1,"layers":"all","layer_norm":"x"}',
    /num/,
  ],
  ["an event of nobody", '{"rank":7,"attempt":0,"event":{}}', /event/],
  ["a process of no rank", '{"rank":-1,"attempt":0,"process":{}}', /rank/],
])("says which line is wrong where one tells of %s", async (_, line, message) => {
  const file = await exported(await recorded());
  appendFileSync(file, `${line}\n`);
  const lines = readFileSync(file, "utf8").trimEnd().split("\n").length;
  const failed = imported(file);
  await expect(failed).rejects.toThrow(message);
  await expect(failed).rejects.toThrow(`bad-file: Line ${lines} of run.jsonl`);
});

it("takes a file that was cut off for what is there", async () => {
  const file = await exported(await recorded());
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.slice(0, text.indexOf('"step":30')));
  const again = await imported(file);
  const detail = await again.viewer.subscribe(again.run);
  expect(detail.series[0]).toMatchObject({ id: "adamw", firstStep: 0, lastStep: 29, optimizer: "torch.optim.AdamW" });
});
