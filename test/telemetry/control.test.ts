/** The threshold of a training is changed while it runs: a real probe, hub and viewer. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { Editor } from "./editor.ts";
import { launch, pythonWithTorch } from "./training.ts";

/** Goes on until it is told to end, and says how large the gradients were that the optimizer got last. */
const TRAINING = `import os
import time

import torch

torch.manual_seed(0)
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=1e-6)
while not os.path.exists("end"):
    optimizer.zero_grad()
    (100 * model(torch.randn(8, 4)) ** 2).mean().backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimizer.step()
    time.sleep(0.02)
total = sum(float((p.grad.double() ** 2).sum()) for p in model.parameters()) ** 0.5
print(f"clipped to {total:.3f}")
`;

/** Goes bad once it is told to, for one step, and ends. */
const GOES_BAD = `import os
import time

import torch

torch.manual_seed(0)
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
steps_left = None
while steps_left != 0:
    optimizer.zero_grad()
    (model(torch.randn(8, 4)) ** 2).mean().backward()
    if steps_left is not None:
        steps_left -= 1
    elif os.path.exists("bad"):
        model.weight.grad[0, 0] = float("inf")
        steps_left = 3
    optimizer.step()
    time.sleep(0.02)
print("all finite:", all(bool(torch.isfinite(p).all()) for p in model.parameters()))
`;

/** A training that has begun, in a folder of its own, with an editor that listens. */
async function begun(name: string, text: string, options: string[]) {
  const folder = mkdtempSync(join(tmpdir(), `gradsight-${name}-`));
  const editor = await Editor.open(join(folder, "storage"));
  writeFileSync(join(folder, "train.py"), text);
  const trained = launch(pythonWithTorch!, [...options, "train.py"], folder, editor.endpoint.rendezvous);
  onTestFinished(async () => {
    trained.process.kill();
    await editor.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const { viewer } = editor;
  const { id: run } = await viewer.run(({ steps }) => steps > 0);
  return { folder, viewer, run, trained };
}

async function training(...options: string[]) {
  const { folder, viewer, run, trained } = await begun("control", TRAINING, options);
  const { series } = await viewer.detail(run, ({ series }) => (series[0]?.latest.threshold ?? 0) === 5);
  const set = (threshold: unknown) => viewer.request("control", { run, series: series[0]!.id, threshold });
  const finish = async () => {
    writeFileSync(join(folder, "end"), "");
    expect(await trained.ended, trained.output()).toBe(0);
  };
  return { viewer, run, trained, set, finish };
}

it.skipIf(!pythonWithTorch)("changes, switches off and gives back", { timeout: 240_000 }, async () => {
  const { viewer, run, trained, set, finish } = await training("--allow-control");
  await set(0.5);
  const changed = await viewer.detail(run, ({ series }) => series[0]!.latest.threshold === 0.5);
  const [override] = changed.control!.overrides;
  expect(override).toMatchObject({ threshold: 0.5 });
  const { series } = changed;
  const tile = await viewer.tile(run, series[0]!.id, ["threshold"], override!.since - 1, override!.since, 10);
  expect([...tile.columns["threshold.last"]!.data]).toEqual([5, 0.5]);
  await set("off");
  await viewer.detail(run, ({ series }) => series[0]!.advice.inForce === null);
  await set("script");
  const back = await viewer.detail(run, ({ series }) => series[0]!.advice.inForce === 5);
  expect(back.control!.overrides).toEqual([]);
  await set(0.25);
  await viewer.detail(run, ({ series }) => series[0]!.advice.inForce === 0.25); // from the next step on
  await finish();
  expect(trained.output()).toContain("clipped to 0.250");
  const { events } = await viewer.detail(run, ({ summary }) => summary.status === "finished");
  expect(events.filter(({ kind }) => kind === "threshold").map(({ data }) => data)).toEqual([
    { from: 5, to: 0.5, by: "user" },
    { from: 0.5, to: "Infinity", by: "user" },
    { from: "Infinity", to: 5, by: "user" },
    { from: 5, to: 0.25, by: "user" },
  ]);
  expect(events.find(({ kind }) => kind === "threshold")?.step).toBe(override!.since);
});

it.skipIf(!pythonWithTorch)("changes no run that was not started so", { timeout: 240_000 }, async () => {
  const { viewer, run, trained, set, finish } = await training();
  expect((await viewer.detail(run, () => true)).control).toBeNull();
  await expect(set(0.5)).rejects.toThrow("--allow-control");
  await finish();
  expect(trained.output()).toContain("clipped to 5.000");
});

it.skipIf(!pythonWithTorch)("pauses before what is not finite, and leaves it out", { timeout: 240_000 }, async () => {
  const options = ["--allow-control", "--pause-on-nonfinite"];
  const { folder, viewer, run, trained } = await begun("pause", GOES_BAD, options);
  writeFileSync(join(folder, "bad"), "");
  const { control } = await viewer.detail(run, ({ control }) => control?.paused != null);
  expect(control!.paused).toMatchObject({ canSkip: true, message: expect.stringContaining("weight is not finite") });
  expect(trained.output()).toBe("");
  await viewer.request("proceed", { run, step: control!.paused!.step, action: "skip" });
  expect(await trained.ended, trained.output()).toBe(0);
  expect(trained.output()).toContain("all finite: True");
  const { series } = await viewer.detail(run, ({ summary }) => summary.status === "finished");
  expect(series[0]).toMatchObject({ skipped: 1, nonFinite: 0 });
});
