/** Runs of several processes, started by the real torchrun: what is global is one series, and a rank that dies is no secret. */
import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Metric, RunDetail } from "../../protocol/viewer.ts";
import { TestHub } from "../../server/hub/testing/test-hub.ts";
import { pythonThatRuns } from "../host/python.ts";
import { launch } from "./training.ts";
import { Viewer } from "./viewer.ts";

const SCRIPT = fileURLToPath(new URL("scripts/ranks.py", import.meta.url));
const pythonWithRanks = pythonThatRuns(
  "import torch.distributed as d, torch.distributed.fsdp as f; f.fully_shard; assert d.is_gloo_available()",
);
const STEPS = 6;

vi.setConfig({ testTimeout: 300_000 });

async function open() {
  const hub = await TestHub.start({ lostAfter: 3 });
  const viewer = await Viewer.connect(hub.endpoint);
  onTestFinished(() => viewer.close());
  return { hub, viewer };
}

function torchrun(hub: TestHub, ranks: number, args: string[], options: string[] = []) {
  const launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", String(ranks), ...options];
  const training = launch(pythonWithRanks!, [...launcher, SCRIPT, ...args], dirname(SCRIPT), hub.endpoint.rendezvous);
  onTestFinished(() => void training.process.kill("SIGKILL"));
  return training;
}

/**
 * Of one process that has all batches, of each step of each kind of training: the norm before and after clipping, the
 * update-to-weight ratio, the norms of each layer's weights.
 */
function oracle(ranks: number, kinds: readonly string[]): [number, number, number, number[]][][] {
  const { stdout, stderr } = spawnSync(pythonWithRanks!, [SCRIPT, "--oracle", String(ranks), ...kinds]);
  if (stdout.length === 0) throw new Error(String(stderr));
  return JSON.parse(String(stdout));
}

async function norms(viewer: Viewer, run: string, series: string, metric: "norm_pre" | "norm_post") {
  const { columns } = await viewer.tile(run, series, [metric], 0, STEPS, 100);
  return Array.from(columns[`${metric}.last`]?.data ?? [], Number);
}

/** What was sampled of a series, by step. */
async function sampled(viewer: Viewer, run: string, series: string, metric: Metric): Promise<Map<number, number>> {
  const { columns } = await viewer.tile(run, series, [metric], 0, STEPS, 100);
  const counts = Array.from(columns[`${metric}.count`]?.data ?? [], Number);
  return new Map(
    counts.flatMap((count, i) => {
      return count > 0 ? [[Number(columns.from!.data[i]), Number(columns[`${metric}.last`]!.data[i])]] : [];
    }),
  );
}

/** The norms of all layers' weights at the first step at which they were sampled. */
async function firstWeights(viewer: Viewer, run: string, series: string): Promise<[number, number[]]> {
  const request = { run, series, metric: "weight_norm", from: 0, to: STEPS, buckets: 100, rows: null };
  const { columns } = await viewer.layers(request);
  const [step] = columns.from!.data;
  const buckets = columns.from!.data.length;
  return [Number(step), Array.from(columns.max!.data, Number).filter((_, i) => i % buckets === 0)];
}

const closeTo = (values: number[]) => values.map((value) => expect.closeTo(value, 6));

describe.skipIf(!pythonWithRanks)("runs of several ranks (a Python with PyTorch and FSDP2)", () => {
  it("have one norm, whether each rank knows it, or has but a share of it", async () => {
    const KINDS = ["ddp", "fsdp", "fsdp+norm", "fsdp+value", "fsdp+part", "hsdp", "tensor", "grid"];
    const KNOWN = ["ddp", "fsdp+norm"];
    const { hub, viewer } = await open();
    const training = torchrun(hub, 4, KINDS);
    expect(await training.ended, training.output()).toBe(0);
    const { id } = await viewer.run(({ status }) => status === "finished");
    const run = await viewer.detail(id, ({ series }) => series.every(({ steps }) => steps === STEPS));
    expect(run).toMatchObject({ worldSize: 4, attempts: 1, events: [] });
    expect(run.ranks.map(({ rank, status, lastStep }) => [rank, status, lastStep])).toEqual(
      [0, 1, 2, 3].map((rank) => [rank, "finished", STEPS - 1]),
    );
    const expected = oracle(4, KINDS);
    for (const [i, kind] of KINDS.entries()) {
      const name = i === 0 ? "optimizer" : `optimizer-${i + 1}`;
      const ranks = run.series.filter((series) => series.name === name);
      expect(ranks.map(({ rank, latest }) => [rank, latest.shard_pre === undefined])).toEqual(
        [0, 1, 2, 3].map((rank) => [rank, KNOWN.includes(kind)]),
      );
      expect(await norms(viewer, id, name, "norm_pre"), kind).toEqual(closeTo(expected[i]!.map(([before]) => before)));
      const after = kind.includes("+") ? closeTo(expected[i]!.map(([, norm]) => norm)) : [];
      expect(await norms(viewer, id, name, "norm_post"), kind).toEqual(after);
      const ratios = await sampled(viewer, id, name, "update_ratio");
      expect(ratios.has(1), kind).toBe(true);
      for (const [step, ratio] of ratios) expect(ratio, `${kind} ${step}`).toBeCloseTo(expected[i]![step]![2], 6);
      const [step, weights] = await firstWeights(viewer, id, name);
      expect(weights, kind).toEqual(closeTo(expected[i]![step]![3]));
    }
    expect(viewer.runs.length).toBe(1);
  });

  it("lose a rank that is killed, and say which; the steps up to there are kept", async () => {
    const { hub, viewer } = await open();
    const training = torchrun(hub, 3, ["--die", "3", "fsdp"]);
    const { id } = await viewer.run(() => true);
    const ended = ({ ranks }: RunDetail) => ranks.length === 3 && ranks.every(({ status }) => status !== "running");
    const run = await viewer.detail(id, ended);
    expect(await training.ended).not.toBe(0);
    expect(run.ranks.map(({ status, lastStep }) => [status, lastStep])).toEqual([
      ["interrupted", 3],
      ["lost", 3],
      ["interrupted", 3],
    ]);
    const [expected] = oracle(3, ["fsdp"]);
    const known = expected!.slice(0, 4).map(([before]) => before);
    expect(await norms(viewer, id, "optimizer", "norm_pre")).toEqual(closeTo(known));
  });

  it("go on at their checkpoint when they are started again; nothing is lost or told twice", async () => {
    const { hub, viewer } = await open();
    const resume = ["--die", "4", "--resume", `${hub.storage}/checkpoint.pt`, "ddp"];
    const training = torchrun(hub, 2, resume, ["--max-restarts", "1"]);
    expect(await training.ended, training.output()).toBe(0);
    const { id } = await viewer.run(({ status }) => status === "finished");
    const run = await viewer.detail(id, ({ series }) => series.every(({ steps }) => steps === 5 + 3));
    expect(run).toMatchObject({ attempts: 2, worldSize: 2 });
    expect(run.series[0]).toMatchObject({ firstStep: 0, lastStep: STEPS - 1 });
    expect(run.events.map(({ kind, series, step, data }) => [kind, series, step, data.from]).sort()).toEqual([
      ["checkpoint", "optimizer", 2, undefined],
      ["restart", "optimizer", 3, 4],
      ["restart", "optimizer@1", 3, 4],
    ]);
    const [expected] = oracle(2, ["ddp"]);
    expect(await norms(viewer, id, "optimizer", "norm_pre")).toEqual(closeTo(expected!.map(([before]) => before)));
  });
});
