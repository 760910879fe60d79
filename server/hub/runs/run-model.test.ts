import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { layerWindow } from "../layers/layer-window.ts";
import { openStore, STORE_FILE } from "../store/open.ts";
import { Store } from "../store/store.ts";
import { hello } from "../testing/clients.ts";
import { frameReads, fromAllFrames, PATIENCE, Recording, range, shown } from "../testing/recording.ts";
import { RunModel } from "./run-model.ts";

// Each goes over some ten thousand steps several times.
vi.setConfig({ testTimeout: 120_000 });

describe("a run that was kept", () => {
  it("is opened without a look at its frames, and shows the same", async () => {
    const recording = await Recording.begin();
    for (const seq of range(120)) recording.put("a", seq, seq * 100);
    const before = await shown(recording, await RunModel.load(recording.store, recording.run, PATIENCE));
    const reads = frameReads(recording.store);
    // What is missing before them is told by how far the run had come when it was kept.
    for (const seq of range(3, 121)) recording.put("a", seq, seq * 100);
    const again = await shown(recording, await RunModel.load(recording.store, recording.run, PATIENCE));
    expect(reads()).toBe(3);
    expect(again.series).not.toEqual(before.series);
    expect(again.events.at(-1)).toMatchObject({ kind: "gap", data: { from: 11_999, to: 12_100 } });
    expect(again).toEqual(await fromAllFrames(recording));
  });

  it("goes on through restarts that go over steps again, with a look at it now and then", async () => {
    const recording = await Recording.begin();
    let model: RunModel | null = null;
    for (const [i, start] of [0, 4_000, 3_500, 9_000].entries())
      for (const seq of range(70)) {
        recording.put(`attempt-${i}`, seq, start + seq * 100);
        if (seq % 13 === 0) model = await RunModel.load(recording.store, recording.run, PATIENCE);
        else if (model && seq % 7 === 0) await model.catchUp();
      }
    const kept = await shown(recording, await RunModel.load(recording.store, recording.run, PATIENCE));
    expect(kept.events.filter(({ kind }) => kind === "restart").length).toBe(3);
    expect(kept).toEqual(await fromAllFrames(recording));
  });

  it("has the norms that ranks tell shares of, also those that wait while it is put away", async () => {
    const recording = await Recording.begin();
    const rank = (number: number) => ({ rank: number, worldSize: 2, group: "g" });
    const reads = frameReads(recording.store);
    for (const seq of range(200)) {
      // Rank 0 is 7 frames ahead at first, and 7 behind in the end.
      if (seq >= 7) recording.put("r1", seq - 7, (seq - 7) * 100, 100, 4, rank(1));
      recording.put("r0", seq, seq * 100, 100, 3, rank(0));
      if (seq % 60 === 59) await RunModel.load(recording.store, recording.run, PATIENCE);
    }
    for (const seq of range(14, 193)) recording.put("r1", seq, seq * 100, 100, 4, rank(1));
    const half = await RunModel.load(recording.store, recording.run, PATIENCE);
    expect(half.series.get("adamw")!.buckets(["norm_pre"], 0, 1e9, 1)[0]!.summaries.get("norm_pre")).toMatchObject({
      min: 5,
      max: 5,
      count: 20_000,
    });
    for (const seq of range(60, 200)) recording.put("r0", seq, seq * 100, 100, 3, rank(0));
    for (const seq of range(53, 207)) recording.put("r1", seq, seq * 100, 100, 4, rank(1));
    const model = await RunModel.load(recording.store, recording.run, PATIENCE);
    expect(model.series.get("adamw")!.buckets(["norm_pre"], 0, 1e9, 1)[0]!.summaries.get("norm_pre")).toMatchObject({
      min: 5,
      max: 5,
      count: 26_000,
    });
    expect(reads()).toBeLessThan(600);
    expect(await shown(recording, model)).toEqual(await fromAllFrames(recording));
  });

  it("is read anew when something belongs before its end", async () => {
    const recording = await Recording.begin();
    for (const seq of range(100)) if (seq !== 50) recording.put("a", seq, seq * 100);
    const gap = await shown(recording, await RunModel.load(recording.store, recording.run, PATIENCE));
    expect(gap.events.filter(({ kind }) => kind === "gap").map(({ step }) => step)).toEqual([5100]);
    recording.put("a", 50, 5000);
    const whole = await shown(recording, await RunModel.load(recording.store, recording.run, PATIENCE));
    expect(whole.events.filter(({ kind }) => kind === "gap")).toEqual([]);
    expect(whole).toEqual(await fromAllFrames(recording));
  });

  it("is read anew where what was kept can't be understood", async () => {
    const recording = await Recording.begin();
    for (const seq of range(100)) recording.put("a", seq, seq * 100);
    const before = await shown(recording, await RunModel.load(recording.store, recording.run, PATIENCE));
    const db = new DatabaseSync(join(recording.folder, STORE_FILE));
    for (const damage of ["UPDATE model_parts SET bytes = x'00'", "UPDATE models SET version = 999"]) {
      db.exec(damage);
      expect(await shown(recording, await RunModel.load(recording.store, recording.run, PATIENCE))).toEqual(before);
    }
    db.close();
  });
});

describe("a run of several ranks", () => {
  it("is told of its layers by rank 0, which has all of them where the norm is every rank's", async () => {
    const recording = await Recording.begin();
    const [adamw] = hello().series;
    const series = [{ ...adamw!, layers: { "layers-0": ["embed", "head"] } }];
    const norms = (steps: number[]) => ({ table: "layers-0", steps, norms: steps.map(() => [1, 0]) });
    for (const seq of range(3))
      for (const rank of [1, 0]) {
        const of = { rank, worldSize: 2, group: "g", series };
        recording.put(`r${rank}`, seq, seq * 100, 100, undefined, of, norms(range(10, seq * 100)));
      }
    const model = await RunModel.load(recording.store, recording.run, PATIENCE);
    expect(model.series.get("adamw")!.diagnoses(series[0]!)).toMatchObject([{ kind: "dead", lastStep: 209 }]);
  });
});

describe("layers whose gradients are spread over ranks", () => {
  const series = [{ ...hello().series[0]!, layers: { "layers-0": ["embed", "head"] } }];
  /** Rank 0 samples every 20th step, rank 1 every 10th. */
  const put = (recording: Recording, rank: number, seq: number) => {
    const steps = range(100, seq * 100).filter((step) => step % (rank === 0 ? 20 : 10) === 0);
    const norms = steps.map((step) => (rank === 0 ? [3 * step, 0] : [4 * step, 2]));
    const of = { rank, worldSize: 2, group: "g", series };
    recording.put(`r${rank}`, seq, seq * 100, 100, rank + 1, of, { table: "layers-0", steps, norms, areShares: true });
  };
  const load = ({ store, run }: Recording) => RunModel.load(store, run, PATIENCE);
  const buckets = async ({ store, run }: Recording, { layers }: RunModel) => {
    const query = { series: "adamw", metric: "grad_norm", from: 0, to: 199, buckets: 100, rows: null } as const;
    const window = await layerWindow(store.series.list(run), layers, query);
    return window.buckets.map(({ from, to, max }) => [from, to, ...max]);
  };

  it("are rank 0's, and known of the steps that all ranks have told theirs of", async () => {
    const recording = await Recording.begin();
    put(recording, 0, 0);
    const model = await load(recording);
    expect(await buckets(recording, model)).toEqual([]);
    put(recording, 1, 0);
    put(recording, 1, 1);
    await model.catchUp();
    const told = [0, 20, 40, 60, 80].map((step) => [step, step, 5 * step, 2]);
    expect(await buckets(recording, model)).toEqual(told);
    put(recording, 0, 1);
    await model.catchUp();
    expect(await buckets(recording, model)).toEqual([...told, ...range(5, 5).map((i) => [i * 20, i * 20, i * 100, 2])]);
  });

  it("are the same of a model that was kept while shares were missing", async () => {
    const recording = await Recording.begin();
    for (const seq of range(60)) {
      put(recording, 0, seq);
      if (seq > 0) put(recording, 1, seq - 1);
    }
    await load(recording);
    put(recording, 1, 59);
    const reads = frameReads(recording.store);
    const model = await load(recording);
    expect(reads()).toBe(1);
    expect(model.series.get("adamw")!.diagnoses(series[0]!)).toEqual([]);
    const seen = await shown(recording, model);
    expect(seen.layers[0]!.buckets.at(-1)!.to).toBe(5980);
    expect(seen.layers).toEqual((await fromAllFrames(recording)).layers);
  });
});

describe("two hubs on one store", () => {
  it("show the same, whoever keeps it", async () => {
    const recording = await Recording.begin();
    const far = new Store(await openStore(recording.folder, () => {}));
    onTestFinished(() => far.close());
    recording.put("a", 0, 0);
    let near = await RunModel.load(recording.store, recording.run, PATIENCE);
    let other = await RunModel.load(far, recording.run, PATIENCE);
    for (const seq of range(150, 1)) {
      recording.put("a", seq, seq * 100);
      if (seq % 3 === 0 && !(await near.catchUp()))
        near = await RunModel.load(recording.store, recording.run, PATIENCE);
      if (seq % 5 === 0 && !(await other.catchUp())) other = await RunModel.load(far, recording.run, PATIENCE);
    }
    if (!(await near.catchUp())) near = await RunModel.load(recording.store, recording.run, PATIENCE);
    if (!(await other.catchUp())) other = await RunModel.load(far, recording.run, PATIENCE);
    const here = await shown(recording, near);
    expect(await shown(recording, other)).toEqual(here);
    expect(await fromAllFrames(recording)).toEqual(here);
  });

  it("do not stop each other from reading a run anew", async () => {
    const recording = await Recording.begin();
    const far = new Store(await openStore(recording.folder, () => {}));
    onTestFinished(() => far.close());
    for (const seq of range(250)) recording.put("a", seq, seq * 100);
    const [near, other] = await Promise.all([
      RunModel.load(recording.store, recording.run, PATIENCE),
      RunModel.load(far, recording.run, PATIENCE),
    ]);
    const current = [await near.catchUp(), await other.catchUp()];
    expect(current.filter(Boolean).length).toBe(1);
    const db = new DatabaseSync(join(recording.folder, STORE_FILE));
    expect(db.prepare("SELECT count(*) AS n FROM models").get()).toEqual({ n: 1 });
    expect(db.prepare("SELECT count(*) AS n FROM blocks WHERE model NOT IN (SELECT id FROM models)").get()).toEqual({
      n: 0,
    });
    db.close();
    const reads = frameReads(recording.store);
    const again = await shown(recording, await RunModel.load(recording.store, recording.run, PATIENCE));
    expect(reads()).toBe(0);
    expect(again).toEqual(await fromAllFrames(recording));
  });
});

it("goes with its run", async () => {
  const recording = await Recording.begin();
  for (const seq of range(100)) recording.put("a", seq, seq * 100);
  await RunModel.load(recording.store, recording.run, PATIENCE);
  recording.store.transaction(() => recording.store.runs.delete("run-1"));
  const db = new DatabaseSync(join(recording.folder, STORE_FILE));
  for (const table of ["models", "model_parts", "blocks", "frames"])
    expect(db.prepare(`SELECT count(*) AS n FROM ${table}`).get(), table).toEqual({ n: 0 });
  db.close();
});
