/** A run that has hardly begun: one step, with a threshold and without one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pixels, themeColor } from "./canvas.ts";
import { runInfo, seriesInfo } from "./recorded-run.ts";
import * as runs from "./runs.ts";
import { Stage } from "./stage.ts";

const steps = [{ step: 0, loss: 2.31, norm: 16.390_812 }];
const { clip } = runs.spikes.series[0]!.info;
const stage = new Stage(async (hub) => {
  await hub.play({
    info: runInfo("one", "once.py"),
    series: [{ info: seriesInfo("adamw", "AdamW", { clip }), steps, threshold: 1 }],
  });
  await hub.play({
    info: runInfo("one-unclipped", "once.py"),
    series: [{ info: seriesInfo("adamw", "AdamW"), steps, threshold: null }],
  });
});

test("the one step stands whole in the middle of the charts, with its threshold beside it", async () => {
  const dashboard = await stage.open({ run: "one" });
  await dashboard.page.getByText("Step 0 · whole run", { exact: true }).waitFor();
  const plot = (await dashboard.page.locator('[data-chart="norm"] .plot').boundingBox())!;
  // Between the value axis and the padding at the other side.
  const middle = 56 + (plot.width - 56 - 8) / 2;
  for (const [color, width] of [
    ["charts-blue", 6],
    ["charts-orange", 20],
  ] as const) {
    const at = (await pixels(dashboard, "norm", await themeColor(dashboard, color))).map(({ x }) => x);
    assert.ok(at.length > 0, color);
    const [left, right] = [Math.min(...at), Math.max(...at)];
    assert.ok(Math.abs((left + right) / 2 - middle) < 2, `${color} at ${left} to ${right}, and not around ${middle}`);
    assert.ok(Math.abs(right - left - width) < 3, `${color} at ${left} to ${right}`);
  }
  const told = await dashboard.page.locator('[data-chart="norm"] canvas').getAttribute("aria-label");
  assert.match(told!, /^Gradient norm, step 0\. Before clipping: 16\.4\. After clipping: 1\. Threshold: 1\.$/);
  await dashboard.close();
});

test("what is tried without a threshold is a number to write, and its bar has the colour of what it does", async () => {
  const dashboard = await stage.open({ run: "one-unclipped" });
  const handle = dashboard.page.getByRole("slider", { name: "Threshold to try" });
  await handle.waitFor();
  const colors = async () => ({
    clipped: (await pixels(dashboard, "distribution", await themeColor(dashboard, "charts-purple"))).length > 0,
    told: await handle.getAttribute("aria-valuetext"),
  });
  assert.deepEqual(await colors(), { clipped: false, told: "16.4: 0% of the steps clipped, mean clip factor 1" });
  await dashboard.page.getByRole("button", { name: "Write 16.4 to code" }).waitFor();
  await handle.focus();
  await dashboard.page.keyboard.press("ArrowDown");
  await dashboard.settled();
  assert.deepEqual(await colors(), { clipped: true, told: "16.3: 100% of the steps clipped, mean clip factor 0.994" });
  await dashboard.close();
});
