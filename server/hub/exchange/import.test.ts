/** Logs as other programs wrote them (test/exchange/fixtures says how), imported by a real hub. */
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  globSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished, vi } from "vitest";
import type { Importable, SourceColumns } from "../../../protocol/exchange.ts";
import { runDetail } from "../../../protocol/viewer.ts";
import { pythonThatRuns } from "../../../test/host/python.ts";
import { ViewerClient } from "../testing/clients.ts";
import { TestHub, temporaryFolder } from "../testing/test-hub.ts";

const fixture = (name: string) => fileURLToPath(new URL(`../../../test/exchange/fixtures/${name}`, import.meta.url));

async function viewerOf(storage?: string) {
  const hub = await TestHub.start(storage === undefined ? {} : { storage });
  return { hub, viewer: await ViewerClient.connect(hub.endpoint) };
}

const inspect = (viewer: ViewerClient, file: string) => viewer.request<Importable>("inspect", { file });
const take = (viewer: ViewerClient, file: string, columns: SourceColumns) =>
  viewer.request<{ run: string; added: boolean }>("import", { file, columns });

/** Imports what the file's names say of it. */
async function imported(viewer: ViewerClient, file: string) {
  const found = await inspect(viewer, file);
  const { run, added } = await take(viewer, file, found.columns);
  const detail = await viewer.subscribe(run);
  expect(runDetail(detail)).toEqual(detail);
  return { found, run, added, detail };
}

function written(name: string, text: string): string {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, text);
  return file;
}

/** `n` lines of JSON with a calm gradient norm. */
const calm = (n: number, from = 0) =>
  Array.from(
    { length: n },
    (_, i) => `${JSON.stringify({ step: from + i, grad_norm: 1 + (i % 5), loss: 1 / (i + 1) })}\n`,
  ).join("");

it("gives advice on a trainer_state.json, whose threshold stays unknown", async () => {
  const { hub, viewer } = await viewerOf();
  const file = fixture("trainer_state.json");
  const { log_history: history } = JSON.parse(readFileSync(file, "utf8"));
  const { found, run, detail } = await imported(viewer, file);
  expect(found).toMatchObject({
    format: "trainer-state",
    columns: { norm_pre: "grad_norm", loss: "loss", lr: "learning_rate" },
    norms: [],
  });
  expect(detail.summary).toMatchObject({
    status: "finished",
    steps: 40,
    framework: "transformers",
    source: { format: "trainer-state", file, columns: found.columns, size: statSync(file).size },
  });
  expect(detail.series[0]).toMatchObject({ steps: 40, firstStep: 1, lastStep: 40, clipRate: null, nonFinite: 0 });
  expect(detail.series[0]!.advice).toMatchObject({ inForce: null, evidence: { steps: 40 } });
  expect(detail.series[0]!.advice.verdict).not.toBe("too-few-steps");
  const tile = await viewer.tile({ run, series: "imported", metrics: ["norm_pre", "loss", "lr", "threshold"] });
  const training = history.filter((entry: { grad_norm?: number }) => entry.grad_norm !== undefined);
  expect(tile["norm_pre.last"]).toEqual(training.map((entry: { grad_norm: number }) => entry.grad_norm));
  expect(tile["loss.last"]).toEqual(training.map((entry: { loss: number }) => entry.loss));
  expect(tile["lr.last"]).toEqual(training.map((entry: { learning_rate: number }) => entry.learning_rate));
  expect(tile).not.toHaveProperty(["threshold.last"]);
  // All of it is in the store.
  await hub.stop();
  const again = await viewerOf(hub.storage);
  expect((await again.viewer.subscribe(run)).series).toEqual(detail.series);
});

it("reads Lightning's CSV, whose rows of one step lie apart", async () => {
  const { viewer } = await viewerOf();
  const { found, run, detail } = await imported(viewer, fixture("metrics.csv"));
  expect(found.columns).toEqual({ norm_pre: "grad_2.0_norm_total", loss: "train_loss", lr: "lr-AdamW" });
  expect(detail.series[0]).toMatchObject({ steps: 48, firstStep: 0, lastStep: 47 });
  expect(detail.attempts).toBe(1);
  const tile = await viewer.tile({ run, series: "imported", metrics: ["norm_pre", "loss", "lr"] });
  for (const metric of ["norm_pre", "loss", "lr"]) expect(tile[`${metric}.count`]!.reduce((a, b) => a + b)).toBe(48);
  const { names, from, max } = await viewer.layers({ run, series: "imported" });
  expect(names).toEqual(["fc.bias", "fc.weight"]);
  expect(from).toHaveLength(48);
  const total = from.map((_, i) => Math.hypot(max[0]![i]!, max[1]![i]!));
  const norms = tile["norm_pre.last"]!;
  for (const [i, norm] of norms.entries()) expect(total[i]! / norm).toBeCloseTo(1, 3);
});

it.each([
  ["torch.tfevents", { norm_pre: "grad_norm", loss: "loss/train", lr: "lr" }, 20],
  ["tensorflow.tfevents", { norm_pre: "train/grad_norm", loss: "train/loss", lr: "learning_rate" }, 40],
])("reads TensorBoard's %s, with a NaN among the norms", async (name, columns, rates) => {
  const { viewer } = await viewerOf();
  const { found, run, detail } = await imported(viewer, fixture(name));
  expect(found).toMatchObject({ format: "tensorboard", columns });
  expect(detail.series[0]).toMatchObject({ steps: 40, nonFinite: 1, lastStep: 39 });
  expect(detail.events.map(({ kind, step }) => [kind, step])).toContainEqual(["nonfinite", 20]);
  const tile = await viewer.tile({ run, series: "imported", metrics: ["norm_pre", "loss", "lr"] });
  expect(tile["norm_pre.last"]!.map((norm) => (Number.isNaN(norm) ? null : norm))).toEqual(
    Array.from({ length: 40 }, (_, i) => (i === 20 ? null : 1 + (i % 5))),
  );
  expect(tile["loss.last"]![3]).toBeCloseTo(0.5);
  expect(tile["lr.count"]!.reduce((a, b) => a + b)).toBe(rates);
  expect(tile["lr.last"]![0]).toBeCloseTo(1e-3);
});

it("takes the event files of a folder for one run, each going on where the one before was left", async () => {
  const { viewer } = await viewerOf();
  const { found, run, detail } = await imported(viewer, fixture("resumed"));
  expect(found).toMatchObject({ format: "tensorboard", columns: { norm_pre: "grad_norm", loss: "loss" } });
  expect(detail.summary).toMatchObject({ name: "fixtures/resumed", steps: 50, source: { file: fixture("resumed") } });
  // What the second start has voided is gone; the third said nothing, and is a further attempt.
  expect(detail.attempts).toBe(2);
  expect(detail.events.filter(({ kind }) => kind === "restart")).toEqual([expect.objectContaining({ step: 25 })]);
  const tile = await viewer.tile({ run, series: "imported", metrics: ["norm_pre"], from: 0, to: 24 });
  expect(tile["norm_pre.last"]).toEqual(Array.from({ length: 25 }, (_, step) => (step < 20 ? 1 : 2)));
  const later = await viewer.tile({ run, series: "imported", metrics: ["norm_pre"], from: 35, to: 39 });
  expect(later["norm_pre.last"]).toEqual([3, 3, 3, 3, 3]);
  // Any of its files stands for the folder; a folder inside of it is another run.
  const [name] = globSync("events.*", { cwd: fixture("resumed") });
  expect(await take(viewer, fixture(`resumed/${name}`), found.columns)).toEqual({ run, added: false });
  const inside = await imported(viewer, fixture("resumed/eval"));
  expect(inside.detail.series[0]).toMatchObject({ steps: 10, latest: { norm_pre: 9 } });
  expect(inside.detail.summary.name).toBe("resumed/eval");
});

it("puts a folder that was resumed in the place of the run that its first file was", async () => {
  const { viewer } = await viewerOf();
  const folder = temporaryFolder();
  const files = globSync("events.*", { cwd: fixture("resumed") }).toSorted();
  cpSync(fixture(`resumed/${files[0]}`), join(folder, files[0]!));
  const first = await imported(viewer, join(folder, files[0]!));
  expect(first.detail.summary).toMatchObject({ steps: 30, source: { file: join(folder, files[0]!) } });
  await viewer.request("rename", { run: first.run, name: "mine" });
  for (const name of files.slice(1)) {
    cpSync(fixture(`resumed/${name}`), join(folder, name));
    await take(viewer, folder, first.found.columns);
  }
  expect(await viewer.runs()).toEqual([expect.objectContaining({ name: "mine", steps: 50 })]);
});

it("reads an offline run of W&B, by the trainer's steps and with the threshold that its configuration tells", async () => {
  const { viewer } = await viewerOf();
  const { found, detail } = await imported(viewer, fixture("run.wandb"));
  expect(found).toMatchObject({
    format: "wandb",
    columns: { norm_pre: "train/grad_norm", loss: "train/loss", lr: "train/learning_rate" },
  });
  expect(detail).toMatchObject({ frameworkVersion: "5.2.0", exitCode: 0 });
  expect(detail.summary).toMatchObject({ name: "calm-run", status: "finished", framework: "transformers" });
  expect(detail.series[0]).toMatchObject({ steps: 40, lastStep: 390, nonFinite: 1, clipRate: 32 / 39 });
  expect(detail.series[0]!.advice.inForce).toBe(1);
});

const withWandb = pythonThatRuns("import wandb");
it.skipIf(!withWandb)(
  "reads a run that W&B wrote just now, over many blocks and with records that span them",
  async () => {
    const folder = temporaryFolder();
    const code = `import wandb
settings = wandb.Settings(disable_code=True, disable_git=True, x_disable_stats=True, x_disable_meta=True, console="off")
run = wandb.init(mode="offline", project="p", config={"text": "x" * 100_000}, settings=settings)
for i in range(1000):
    run.log({"grad_norm": 1 + i % 7, "note": "y" * 200})
run.log({"text": "z" * 70_000})
run.finish()`;
    const options = { cwd: folder, env: { ...process.env, WANDB_DIR: folder, WANDB_SILENT: "true" }, timeout: 60_000 };
    spawnSync(withWandb!, ["-c", code], options);
    const [file] = globSync(join(folder, "wandb", "offline-run-*", "*.wandb"));
    expect(statSync(file!).size).toBeGreaterThan(8 * 32 * 1024);
    const { viewer } = await viewerOf();
    const { detail } = await imported(viewer, file!);
    expect(detail.series[0]).toMatchObject({ steps: 1000, lastStep: 999, latest: { norm_pre: 1 + (999 % 7) } });
  },
  90_000,
);

it("reads JSON Lines of others: nested, with NaN as Python writes it, and cut off at the end", async () => {
  const { viewer } = await viewerOf();
  const lines = Array.from(
    { length: 35 },
    (_, i) =>
      `{"global_step": ${i}, "train": {"loss": ${i === 7 ? "NaN" : 0.5}, "gradient_norm": 2.5}, "note": "NaN: \\"no\\""}`,
  );
  const { found, detail } = await imported(
    viewer,
    written("log.jsonl", `${lines.join("\n")}\n{"global_step": 35, "tra`),
  );
  expect(found.columns).toEqual({ norm_pre: "train/gradient_norm", loss: "train/loss" });
  expect(detail.series[0]).toMatchObject({ steps: 35, nonFinite: 1 });
});

it("doesn't double a file that is imported twice, and takes one that was deleted again", async () => {
  const { viewer } = await viewerOf();
  const file = written("log.jsonl", calm(40));
  const first = await imported(viewer, file);
  expect(first.added).toBe(true);
  const moved = join(temporaryFolder(), "renamed.jsonl");
  cpSync(file, moved);
  utimesSync(moved, 1, 1);
  expect(await take(viewer, moved, first.found.columns)).toEqual({ run: first.run, added: false });
  expect(await viewer.runs()).toHaveLength(1);
  await viewer.request("delete", { run: first.run });
  expect(await take(viewer, file, first.found.columns)).toEqual({ run: first.run, added: true });
  expect((await viewer.subscribe(first.run)).series[0]!.steps).toBe(40);
});

it("knows a log that was imported before by its content, and one of the same size for another", async () => {
  const { hub, viewer } = await viewerOf();
  const text = `step,grad_norm,speed\n${Array.from({ length: 40 }, (_, i) => `${i},1.5,3\n`).join("")}`;
  const file = written("log.csv", text);
  const { run, found } = await imported(viewer, file);
  expect(found.names).toEqual(["grad_norm", "speed"]);
  // Only what was taken is known without going through it.
  const known = { ...found, names: ["grad_norm"] };
  expect(await inspect(viewer, file)).toEqual(known);
  expect(await take(viewer, file, found.columns)).toEqual({ run, added: false });
  writeFileSync(file, text.replace("39,1.5", "39,2.5"));
  expect(await inspect(viewer, file)).toEqual(found);
  expect(await take(viewer, file, found.columns)).toMatchObject({ added: true });
  expect(await inspect(viewer, file)).toEqual(known);
  // As an earlier version left it.
  const db = hub.database();
  db.exec("UPDATE runs SET source = json_remove(source, '$.told')");
  db.close();
  expect(await inspect(viewer, file)).toEqual(found);
  expect((await viewer.subscribe(run)).summary.source).toMatchObject({ told: false });
});

it("puts a log that has grown in the place of what it was, and leaves the run of one that was written anew", async () => {
  const { viewer } = await viewerOf();
  const file = written("log.jsonl", calm(40));
  const { run, found } = await imported(viewer, file);
  await viewer.request("star", { run, starred: true });
  await viewer.request("rename", { run, name: "mine" });
  appendFileSync(file, calm(10, 40));
  const later = await take(viewer, file, found.columns);
  expect(later.added).toBe(true);
  expect(await viewer.runs()).toEqual([
    expect.objectContaining({ id: later.run, steps: 50, starred: true, name: "mine" }),
  ]);
  writeFileSync(file, calm(60, 1));
  await take(viewer, file, found.columns);
  expect((await viewer.runs()).map(({ steps }) => steps).toSorted()).toEqual([50, 60]);
});

it("asks which is the gradient norm where the names don't tell", async () => {
  const { viewer } = await viewerOf();
  const file = written("log.csv", "step,actor/grad_norm,critic/grad_norm,speed\n0,1,2,3\n1,1,2,3\n");
  const found = await inspect(viewer, file);
  expect(found).toMatchObject({ columns: {}, norms: ["actor/grad_norm", "critic/grad_norm"] });
  expect(found.names).toEqual(["actor/grad_norm", "critic/grad_norm", "speed"]);
  const { run } = await take(viewer, file, { norm_pre: "critic/grad_norm" });
  expect((await viewer.subscribe(run)).series[0]!.latest).toEqual({ norm_pre: 2 });
  // Another may be chosen of the same file.
  expect(await inspect(viewer, file)).toEqual(found);
  expect(await take(viewer, file, { norm_pre: "critic/grad_norm" })).toEqual({ run, added: false });
  expect(await take(viewer, file, { norm_pre: "actor/grad_norm" })).toMatchObject({ added: true });
});

it("takes a training that went back to a checkpoint for a further attempt", async () => {
  const { viewer } = await viewerOf();
  const { detail } = await imported(viewer, written("log.jsonl", calm(40) + calm(30, 20)));
  expect(detail).toMatchObject({ attempts: 2, summary: { steps: 70 } });
  expect(detail.events).toContainEqual(expect.objectContaining({ kind: "restart", step: 20 }));
});

it("puts together what is logged scalar by scalar, in whatever order", async () => {
  const { viewer } = await viewerOf();
  const column = (name: string) => Array.from({ length: 40 }, (_, i) => `{"step": ${i}, "${name}": ${i}}\n`).join("");
  const { detail } = await imported(viewer, written("log.jsonl", column("loss") + column("grad_norm")));
  expect(detail).toMatchObject({
    attempts: 1,
    summary: { steps: 40 },
    series: [{ latest: { norm_pre: 39, loss: 39 } }],
  });
});

it.each<[string, string, string, RegExp]>([
  ["that is empty", "log.jsonl", "", /is empty/],
  ["of no known kind", "notes.txt", "some words\nand more\n", /no log that can be imported.*TensorBoard/],
  [
    "of JSON that is cut off",
    "trainer_state.json",
    '{\n  "log_history": [\n    {"step": 1,',
    /not sound JSON, or only a part/,
  ],
  ["of other JSON", "package.json", '{\n  "name": "x"\n}\n', /no "log_history"/],
  ["of JSON without numbers", "trainer_state.json", '{"log_history": []}', /holds no numbers/],
  ["of lines without steps", "log.jsonl", '{"loss": 1}\n{"loss": 2}\n', /No line .* tells its step/],
  ["with a broken line", "log.jsonl", '{"step": 0}\n{"step": \n{"step": 2}\n', /Line 2 .* is not a JSON object/],
  ["of CSV without steps", "log.csv", "a,b\n1,2\n", /no column with the step/],
  ["of CSV with a line too long", "log.csv", "step,loss\n0,1\n1,2,3\n2,4\n", /Line 3 .* has 3 cells/],
])("says what is wrong with a file %s", async (_, name, text, message) => {
  const { viewer } = await viewerOf();
  const file = written(name, text);
  await expect(inspect(viewer, file)).rejects.toThrow(message);
  await expect(take(viewer, file, { norm_pre: "grad_norm" })).rejects.toThrow(/^bad-file/);
  expect(await viewer.runs()).toEqual([]);
});

it("says what is wrong with a path that is no file", async () => {
  const { viewer } = await viewerOf();
  await expect(inspect(viewer, temporaryFolder())).rejects.toThrow(/bad-file: .* is not a file/);
  await expect(inspect(viewer, join(temporaryFolder(), "gone"))).rejects.toThrow(/bad-file: There is no file/);
});

it.each(["torch.tfevents", "run.wandb"])(
  "takes what is whole of a %s that is cut off, and refuses one that is damaged",
  async (name) => {
    const { viewer } = await viewerOf();
    const file = join(temporaryFolder(), name);
    cpSync(fixture(name), file);
    const bytes = readFileSync(file);
    truncateSync(file, Math.floor(bytes.length * 0.9));
    const { detail } = await imported(viewer, file);
    expect(detail.summary.steps).toBeGreaterThan(30);
    bytes[bytes.indexOf("grad_norm", bytes.length / 2)]! ^= 0xff;
    writeFileSync(file, bytes);
    await expect(inspect(viewer, file)).rejects.toThrow(/bad-file: .* is damaged at byte \d+/);
  },
);

it("tells how far it has come, and leaves nothing of what was cancelled", async () => {
  const { hub, viewer } = await viewerOf();
  const file = written("long.jsonl", calm(100_000));
  const found = await inspect(viewer, file);
  const before = viewer.inbox.all.length;
  const answer = take(viewer, file, found.columns);
  const push = await viewer.inbox.next((message) => message.push === "progress" && message.done! > 0.7);
  const underWay = viewer.runs();
  void viewer.request("cancel", { job: push.job! });
  expect(await underWay).toEqual([]); // on its way, and not shown before it is here
  await expect(answer).rejects.toThrow(/^cancelled/);
  const shares = viewer.inbox.all.slice(before).flatMap(({ done }) => done ?? []);
  expect(shares.length).toBeGreaterThan(2);
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  expect(await viewer.runs()).toEqual([]);
  const db = hub.database({ readOnly: true });
  onTestFinished(() => db.close());
  await vi.waitUntil(() => db.prepare("PRAGMA freelist_count").get()?.freelist_count === 0, 10_000); // the space as well
  const { run, added } = await take(viewer, file, found.columns);
  expect(added).toBe(true);
  expect((await viewer.subscribe(run)).series[0]!.steps).toBe(100_000);
  // That it is here already is said before any of it is taken.
  const taken = viewer.inbox.all.length;
  expect(await take(viewer, file, found.columns)).toEqual({ run, added: false });
  expect(Math.max(0, ...viewer.inbox.all.slice(taken).flatMap(({ done }) => done ?? []))).toBeLessThan(0.1);
}, 60_000);

it("takes the norms of single layers, where the names tell them, whichever were logged at a step", async () => {
  const { viewer } = await viewerOf();
  const line = (step: number, layers: object) =>
    `${JSON.stringify({ step, grad_norm: 1 + (step % 5) })}\n${JSON.stringify({ step, grad_norm: layers })}\n`;
  const of = (step: number) => ({ "fc.weight": step, "fc.bias": step === 3 ? "NaN" : 0.5, max: 99 });
  const steps = Array.from({ length: 40 }, (_, i) => i);
  const text = steps.map((step) =>
    line(step, step % 3 ? {} : step > 20 ? { ...of(step), "head.weight": 7 } : of(step)),
  );
  // Started again from step 30: a further attempt, with layers of its own.
  const again = [30, 31].map((step) => line(step, { "fc.weight": 1000 }));
  const { run, detail } = await imported(viewer, written("run.jsonl", [...text, ...again].join("")));
  expect(detail).toMatchObject({ attempts: 2, series: [{ layers: 1 }] });
  const { names, from, max, count, nonfinite } = await viewer.layers({ run, series: "imported" });
  expect(names).toEqual(["fc.weight", "fc.bias", "head.weight"]);
  expect(from).toEqual([...steps.filter((step) => step % 3 === 0), 31].toSorted((a, b) => a - b));
  const at = (step: number) => from.indexOf(step);
  expect(nonfinite.map((row) => row[at(3)])).toEqual([0, 1, 0]);
  expect(count.map((row) => row[at(6)])).toEqual([1, 1, 0]);
  expect(count.map((row) => row[at(30)])).toEqual([2, 1, 1]);
  expect(max.map((row) => row[at(31)])).toEqual([1000, Number.NaN, Number.NaN]);
  expect(max[2]![at(24)]).toBe(7);
});
