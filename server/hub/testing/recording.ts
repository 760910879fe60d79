import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { onTestFinished } from "vitest";
import { GROUP_RATES } from "../../../protocol/viewer.ts";
import { layerWindow } from "../layers/layer-window.ts";
import { Commits } from "../probe/commits.ts";
import { Ingest } from "../probe/ingest.ts";
import { RunModel } from "../runs/run-model.ts";
import { openStore, STORE_FILE } from "../store/open.ts";
import { Store } from "../store/store.ts";
import { frame, hello, type Sampled, SERIES } from "./clients.ts";
import { temporaryFolder } from "./test-hub.ts";

/** Seconds that a step waits for other ranks' shares. */
export const PATIENCE = 30;
export const range = (n: number, start = 0) => Array.from({ length: n }, (_, i) => start + i);
const LAYERS = ["embedding", "block", "head"];
/** From this step on, the second group has another learning rate than the first. */
const PARTED = 6_000;
/** A norm for each step: noise, a spike here and there, now and then a NaN. */
const normAt = (step: number) =>
  step % 1711 === 1000 ? 1e4 : step % 2503 === 7 ? Number.NaN : 1 + ((step * 7919) % 100) / 100;

const sampledLayers = (steps: number[]): Sampled => ({
  table: "table",
  steps,
  norms: steps.map((step) => LAYERS.map((_, i) => normAt(step + i))),
});

/** A store that is written as the hub writes it. */
export class Recording {
  readonly folder = temporaryFolder();
  readonly store: Store;
  private readonly ingest: Ingest;
  private readonly commits: Commits;
  private readonly attempts = new Map<string, { of: ReturnType<Ingest["open"]>; greeting: ReturnType<typeof hello> }>();

  private constructor(store: Store) {
    this.store = store;
    this.commits = new Commits(store, { committed() {}, deleted() {}, failed() {} }, () => {});
    this.ingest = new Ingest(store, this.commits);
  }

  static async begin(): Promise<Recording> {
    const folder = temporaryFolder();
    const recording = new Recording(new Store(await openStore(folder, () => {})));
    Object.assign(recording, { folder });
    onTestFinished(() => recording.store.close());
    return recording;
  }

  get run(): number {
    return this.store.runs.find("run-1")!.key;
  }

  /** Frame `seq` of an attempt: `n` steps from `first` on. */
  put(
    name: string,
    seq: number,
    first: number,
    n = 100,
    share?: number,
    changes: Parameters<typeof hello>[0] = {},
    layers = sampledLayers(range(n, first).filter((step) => step % 5 === 0)),
  ): void {
    let attempt = this.attempts.get(name);
    if (!attempt) {
      const greeting = hello({ attempt: name, series: [{ ...SERIES, layers: { table: LAYERS } }], ...changes });
      attempt = { of: this.ingest.open(greeting), greeting };
      this.attempts.set(name, attempt);
    }
    const steps = range(n, first);
    const told = share === undefined ? { norm_pre: steps.map(normAt) } : { shard_pre: steps.map(() => share) };
    const rates = steps.map((step) => [0.1, step < PARTED ? 0.1 : 0.2]);
    const values = {
      ...told,
      lr: steps.map(() => 0.1),
      loss: steps.map((step) => 5 / (1 + step)),
      threshold: steps.map(() => 1.5),
    };
    // Steps of this moment are worth waiting for until all ranks have told their shares.
    const startedAt = share === undefined ? 1_790_000_000 : Date.now() / 1000;
    this.ingest.frame(
      attempt.of,
      frame(attempt.greeting, seq, steps, values, { startedAt, ...(layers.steps.length > 0 && { layers }), rates }),
    );
    this.commits.flush();
  }
}

/** All that viewers are shown of a run. */
export async function shown({ store, run }: Recording, model: RunModel) {
  const [info] = hello().series;
  const declared = store.series.list(run);
  const layersOf = (series: string, from: number, to: number, buckets: number) =>
    layerWindow(declared, model.layers, { series, metric: "grad_norm", from, to, buckets, rows: null });
  return {
    series: [...model.series]
      .sort()
      .map(([id, series]) => [
        series.detail(id, "", 0, info!),
        series.buckets(["norm_pre", "loss", "clipped", "shard_pre", "lr", ...GROUP_RATES], 0, 1e9, 137),
        series.buckets(["norm_pre", "loss"], 3333, 9999, 2000),
      ]),
    layers: [await layersOf("adamw", 0, 1e9, 70), await layersOf("adamw", 3333, 9999, 700)],
    events: store.events.latest(run, 10_000),
  };
}

/** Steps of the frames that the model has to read. */
export function frameReads(store: Store): () => number {
  let read = 0;
  const since = store.frames.since.bind(store.frames);
  const ofAttempt = store.frames.ofAttempt.bind(store.frames);
  store.frames.since = (...of) => {
    const frames = since(...of);
    read += frames.length;
    return frames;
  };
  store.frames.ofAttempt = (...of) => {
    const frames = ofAttempt(...of);
    read += frames.length;
    return frames;
  };
  return () => read;
}

/** As a hub that never kept anything would show it. */
export async function fromAllFrames(recording: Recording) {
  const db = new DatabaseSync(join(recording.folder, STORE_FILE));
  db.exec("PRAGMA foreign_keys = ON; DELETE FROM models");
  db.close();
  return shown(recording, await RunModel.load(recording.store, recording.run, PATIENCE));
}
