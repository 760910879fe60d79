/** Runs written to files, read by the packages that others read them with, and imported again. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ExportFormat, Importable } from "../../../protocol/exchange.ts";
import { decodeFrame, encodeFrame } from "../../../protocol/frame.ts";
import type { RunDetail } from "../../../protocol/viewer.ts";
import { pythonThatRuns } from "../../../test/host/python.ts";
import { end, frame, hello, ProbeClient, SERIES, ViewerClient } from "../testing/clients.ts";
import { TestHub, temporaryFolder } from "../testing/test-hub.ts";

const STEPS = Array.from({ length: 50 }, (_, i) => i);
const NORMS = STEPS.map((i) => (i === 20 ? Number.NaN : i === 21 ? Number.POSITIVE_INFINITY : 1 + (i % 5) / 3));
const LOSSES = STEPS.map((i) => (i % 2 ? 1 / (i + 1) : undefined));

/** A run of two attempts and two series, with all that a frame may have of scalars. */
async function recorded() {
  const hub = await TestHub.start();
  const other = { ...SERIES, id: 'the, "other"', label: "other" };
  const first = hello({ series: [SERIES, other] });
  const { probe } = await ProbeClient.greet(hub.endpoint, first);
  const flags = STEPS.map((i) => (i === 21 ? 1 : i === 22 ? 2 : 0));
  probe.send(frame(first, 0, STEPS, { norm_pre: NORMS, loss: LOSSES }, { flags }));
  probe.send(
    frame(
      first,
      1,
      STEPS,
      { norm_pre: NORMS, threshold: STEPS.map(() => 1) },
      { series: other.id, flags: STEPS.map(() => 4) },
    ),
  );
  await probe.acknowledged(2);
  const second = hello({ attempt: "again" });
  const again = await ProbeClient.greet(hub.endpoint, second);
  again.probe.send(frame(second, 0, [40, 41], { norm_pre: [7, 8] }));
  again.probe.send(end(1));
  await again.probe.acknowledged(2);
  return { hub, viewer: await ViewerClient.connect(hub.endpoint) };
}

async function exported(viewer: ViewerClient, format: ExportFormat, name: string): Promise<string> {
  const file = join(temporaryFolder(), name);
  await viewer.request("export", { run: "run-1", format, file });
  expect(readdirSync(join(file, ".."))).toEqual([name]);
  return file;
}

/** What a file is imported as, in a store of its own. */
async function imported(file: string): Promise<RunDetail> {
  const viewer = await ViewerClient.connect((await TestHub.start()).endpoint);
  const { columns } = await viewer.request<Importable>("inspect", { file });
  const { run } = await viewer.request<{ run: string }>("import", { file, columns });
  return viewer.subscribe(run);
}

const measured = ({ series, events }: RunDetail) => ({
  series: series.map(({ id, rank, steps, firstStep, lastStep, skipped, nonFinite, clipRate, latest, advice }) => ({
    id,
    rank,
    steps,
    firstStep,
    lastStep,
    skipped,
    nonFinite,
    clipRate,
    latest,
    advice,
  })),
  events: events.map(({ kind, series: of, step, time }) => ({ kind, of, step, time })),
});

it.each<[ExportFormat, string]>([
  ["csv", "run.csv"],
  ["json-lines", "run.jsonl"],
])("gives the same run again when its %s is imported", async (format, name) => {
  const { viewer } = await recorded();
  const original = await viewer.subscribe("run-1");
  const again = await imported(await exported(viewer, format, name));
  expect(measured(again)).toEqual(measured(original));
  expect(again.attempts).toBe(2);
  if (format === "json-lines")
    expect(again).toMatchObject({
      args: original.args,
      summary: { name: original.summary.name, startedAt: original.summary.startedAt },
    });
});

it("gives the scalars of a TensorBoard file again, in single precision", async () => {
  const { viewer } = await recorded();
  const file = await exported(viewer, "tensorboard", "events.out.tfevents.1.run");
  const norms = ["adamw/norm_pre", 'the, "other"/norm_pre'];
  expect(await viewer.request<Importable>("inspect", { file })).toMatchObject({ format: "tensorboard", norms });
  const { run } = await viewer.request<{ run: string }>("import", { file, columns: { norm_pre: norms[0] } });
  const detail = await viewer.subscribe(run);
  expect(detail).toMatchObject({ attempts: 2, summary: { steps: 52 } });
  expect(detail.series[0]).toMatchObject({ latest: { norm_pre: 8 }, nonFinite: 2 });
  const tile = await viewer.tile({ run, series: "imported", from: 0, to: 10, buckets: 11 });
  expect(tile["norm_pre.last"]).toEqual(NORMS.slice(0, 11).map(Math.fround));
});

it("writes a safetensors file that our own frames' reader takes", async () => {
  const { viewer } = await recorded();
  const { columns, metadata } = decodeFrame(readFileSync(await exported(viewer, "safetensors", "run.safetensors")));
  expect(Object.keys(columns).toSorted()).toEqual(
    [
      ...["step", "time", "present", "flags", "norm_pre", "loss"].map((name) => `adamw/${name}`),
      ...["step", "time", "present", "flags", "norm_pre"].map((name) => `adamw.2/${name}`),
      ...["step", "time", "present", "flags", "norm_pre", "threshold"].map((name) => `the, "other"/${name}`),
    ].toSorted(),
  );
  expect([...columns["adamw/norm_pre"]!.data]).toEqual(NORMS);
  expect([...columns["adamw/loss"]!.data]).toEqual(LOSSES.map((loss) => loss ?? Number.NaN));
  expect([...columns["adamw.2/step"]!.data]).toEqual([40n, 41n]);
  expect(JSON.parse(metadata.run!).name).toBe("train.py");
});

describe("read by Python", () => {
  const read = (python: string, code: string, file: string) => {
    const { status, stdout, stderr } = spawnSync(python, ["-c", code, file], { encoding: "utf8" });
    expect(status, stderr).toBe(0);
    return JSON.parse(stdout);
  };
  const tensorboard = pythonThatRuns("import tensorboard");
  const numpy = pythonThatRuns("import safetensors.numpy");

  it.skipIf(!tensorboard)("TensorBoard shows the scalars with their steps and times", async () => {
    const { viewer } = await recorded();
    const file = await exported(viewer, "tensorboard", "events.out.tfevents.1.run");
    const code = `import json, sys
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader, LegacyEventFileLoader
events = [e for e in LegacyEventFileLoader(sys.argv[1]).Load()]
print(json.dumps({
    "version": events[0].file_version,
    "rows": [[v.tag, e.step, e.wall_time, repr(v.simple_value)] for e in events for v in e.summary.value],
    "loaded": sum(len(e.summary.value) for e in EventFileLoader(sys.argv[1]).Load()),
}))`;
    const { version, rows, loaded } = read(tensorboard!, code, file);
    expect(version).toBe("brain.Event:2");
    expect(loaded).toBe(rows.length);
    const tag = rows.filter(([name]: string[]) => name === "adamw/norm_pre");
    expect(tag.map(([, step]: [string, number]) => step)).toEqual([...STEPS, 40, 41]);
    expect(tag[3].slice(2)).toEqual([1_790_000_003, "2.0"]);
    expect([tag[20][3], tag[21][3]]).toEqual(["nan", "inf"]);
    expect(rows.filter(([name]: string[]) => name === "adamw/loss")).toHaveLength(25);
  });

  it.skipIf(!numpy)("safetensors loads the tensors", async () => {
    const { viewer } = await recorded();
    const file = await exported(viewer, "safetensors", "run.safetensors");
    const code = `import json, sys
from safetensors.numpy import load_file
tensors = load_file(sys.argv[1])
print(json.dumps({name: [str(t.dtype), list(t.shape), repr(float(t.reshape(-1)[-1]))] for name, t in tensors.items()}))`;
    expect(read(numpy!, code, file)).toMatchObject({
      "adamw/step": ["int64", [50], "49.0"],
      "adamw/flags": ["uint8", [50], "0.0"],
      "adamw.2/norm_pre": ["float64", [2], "8.0"],
    });
  });
});

it("leaves what was there as it was when it can't write or is cancelled, and nothing else", async () => {
  const { viewer } = await recorded();
  const folder = temporaryFolder();
  await expect(
    viewer.request("export", { run: "run-1", format: "csv", file: join(folder, "no", "run.csv") }),
  ).rejects.toThrow(/bad-file: .*run\.csv can't be written/);
  await expect(viewer.request("export", { run: "gone", format: "csv", file: join(folder, "run.csv") })).rejects.toThrow(
    /unknown-run/,
  );
  writeFileSync(join(folder, "run.csv"), "before");
  const answer = viewer.request("export", { run: "run-1", format: "csv", file: join(folder, "run.csv") });
  await viewer.request("cancel", { job: viewer.lastId });
  await expect(answer).rejects.toThrow(/^cancelled/);
  expect(readdirSync(folder)).toEqual(["run.csv"]);
  expect(readFileSync(join(folder, "run.csv"), "utf8")).toBe("before");
  await viewer.request("export", { run: "run-1", format: "csv", file: join(folder, "run.csv") });
  expect(readdirSync(folder)).toEqual(["run.csv"]);
  expect(statSync(join(folder, "run.csv")).size).toBeGreaterThan(1000);
});

it("writes the norms of layers that are spread over ranks into rank 0's steps", async () => {
  const hub = await TestHub.start();
  const series = { ...SERIES, layers: { t: ["fc.weight", "fc.bias"] } };
  for (const [rank, share] of [3, 4].entries()) {
    const told = hello({ rank, worldSize: 2, group: "g", attempt: `of-${rank}`, series: [series] });
    const { probe } = await ProbeClient.greet(hub.endpoint, told);
    const layers = { table: "t", steps: [1], norms: [[share, 2 * share]], areShares: true };
    probe.send(frame(told, 0, [0, 1], { norm_pre: [5, 10] }, { layers }));
    probe.send(end(1));
    await probe.acknowledged(2);
  }
  const viewer = await ViewerClient.connect(hub.endpoint);
  const lines = readFileSync(await exported(viewer, "json-lines", "run.jsonl"), "utf8")
    .trimEnd()
    .split("\n");
  const rows = lines.slice(1).map((line) => JSON.parse(line));
  const sampled = rows.filter(({ layer_norm }) => layer_norm);
  expect(sampled.map(({ rank, step, layer_norm }) => [rank, step, layer_norm])).toEqual([[0, 1, [5, 10]]]);
  for (const rank of [0, 1]) expect(rows.flatMap((row) => (row.rank === rank && row.norm_pre) || [])).toEqual([5, 10]);
});

it("writes layers by their names, and the norm of all ranks into rank 0's steps", async () => {
  const hub = await TestHub.start();
  const series = { ...SERIES, layers: { t: ["fc.weight", "fc.bias"] } };
  for (const [rank, share] of [3, 4].entries()) {
    const told = hello({ rank, worldSize: 2, group: "g", attempt: `of-${rank}`, series: [series] });
    const { probe } = await ProbeClient.greet(hub.endpoint, told);
    const plain = decodeFrame(frame(told, 0, [0, 1], { shard_pre: [share, 2 * share] }));
    const layers = {
      layer_step: { dtype: "I64", shape: [1], data: BigInt64Array.of(1n) },
      layer_norm: { dtype: "F32", shape: [1, 2], data: Float32Array.of(share, 0.5) },
    } as const;
    probe.send(encodeFrame({ metadata: { ...plain.metadata, layers: "t" }, columns: { ...plain.columns, ...layers } }));
    probe.send(end(1));
    await probe.acknowledged(2);
  }
  const viewer = await ViewerClient.connect(hub.endpoint);
  const lines = readFileSync(await exported(viewer, "json-lines", "run.jsonl"), "utf8")
    .trimEnd()
    .split("\n");
  const rows = lines.slice(1).map((line) => JSON.parse(line));
  const ofRank = (rank: number) => rows.filter((row) => row.rank === rank);
  expect(ofRank(0).flatMap(({ norm_pre }) => norm_pre ?? [])).toEqual([5, 10]);
  expect(ofRank(1).flatMap(({ norm_pre }) => norm_pre ?? [])).toEqual([]);
  for (const [rank, share] of [3, 4].entries()) {
    expect(ofRank(rank).flatMap(({ declared }) => declared?.layers ?? [])).toEqual([series.layers]);
    expect(
      ofRank(rank).flatMap(({ step, layers, layer_norm }) => (layers ? [[step, layers, layer_norm]] : [])),
    ).toEqual([[1, "t", [share, 0.5]]]);
  }
  const tensors = decodeFrame(readFileSync(await exported(viewer, "safetensors", "run.safetensors")));
  expect([...tensors.columns["adamw/norm_pre"]!.data]).toEqual([5, 10]);
  expect([...tensors.columns["adamw@1/layer_norm"]!.data]).toEqual([4, 0.5]);
  expect(JSON.parse(tensors.metadata["adamw/layers"]!)).toEqual(["fc.weight", "fc.bias"]);
  const { names } = await viewer.request<Importable>("inspect", {
    file: await exported(viewer, "tensorboard", "tfevents"),
  });
  expect(names).toEqual(
    expect.arrayContaining(["adamw/norm_pre", "adamw/grad_norm/fc.bias", "adamw@1/grad_norm/fc.weight"]),
  );
  // Of a file that knows one series alone the layers are those that lie where its norm does.
  const file = await exported(viewer, "tensorboard", "events.tfevents");
  const other = await ViewerClient.connect((await TestHub.start()).endpoint);
  const { run } = await other.request<{ run: string }>("import", { file, columns: { norm_pre: "adamw/norm_pre" } });
  expect(await other.layers({ run, series: "imported" })).toMatchObject({
    names: ["fc.weight", "fc.bias"],
    from: [1],
    max: [[3], [0.5]],
  });
  // What was written is imported as the same ranks.
  const again = await imported(await exported(viewer, "csv", "run.csv"));
  expect(again).toMatchObject({
    worldSize: 2,
    ranks: [
      { rank: 0, lastStep: 1 },
      { rank: 1, lastStep: 1 },
    ],
  });
  expect(again.series.map(({ id, latest }) => [id, latest.norm_pre])).toEqual([
    ["adamw", 10],
    ["adamw@1", undefined],
  ]);
});
