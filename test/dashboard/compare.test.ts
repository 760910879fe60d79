/** A second run over the first: its lines in the charts, and in what the two differ. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pixels, themeColor } from "./canvas.ts";
import type { DashboardPage } from "./page.ts";
import { readTrace } from "./recorded-run.ts";
import * as runs from "./runs.ts";
import { Stage } from "./stage.ts";

const stage = new Stage(async (hub) => {
  await hub.play(runs.nonFinite, { status: "failed", error: runs.TRACEBACK });
  await hub.play(runs.spikes);
  await hub.play({ ...runs.calm, info: { ...runs.calm.info, id: "calm-again" } });
  await hub.play(runs.calm);
});

const legend = ({ page }: DashboardPage, chart = "norm") => page.locator(`[data-chart="${chart}"] .legend`);
const differences = async ({ page }: DashboardPage) =>
  page
    .locator(".differences tbody tr")
    .evaluateAll((rows) =>
      Object.fromEntries(
        rows.map((row) => [...row.children].map((cell) => cell.textContent)).map(([name, ...values]) => [name, values]),
      ),
    );

async function compare(dashboard: DashboardPage, typed: string): Promise<void> {
  await dashboard.page.locator("#other").focus();
  await dashboard.page.keyboard.type(typed);
  await dashboard.page.keyboard.press("Enter");
  await dashboard.page.locator('[data-chart="norm"] .swatch[data-color="other"]').waitFor();
  await dashboard.settled();
}

test("the other run's lines stand in the charts, named, with their values under the crosshair", async () => {
  const dashboard = await stage.open({ run: "spikes" });
  const ink = await themeColor(dashboard, "foreground");
  const before = (await pixels(dashboard, "norm", ink, 20)).length;
  await compare(dashboard, "train.py --lr");
  assert.ok((await pixels(dashboard, "norm", ink, 20)).length > before + 100, "a line was drawn");
  for (const chart of ["norm", "loss"]) await legend(dashboard, chart).getByText("train.py --lr 0.1").waitFor();
  const label = await dashboard.page.locator('[data-chart="norm"] canvas').getAttribute("aria-label");
  assert.match(label!, / train\.py --lr 0\.1: [\d.e-]+ to [\d.]+\./);

  await dashboard.page.getByRole("button", { name: "step 400" }).click();
  const norms = readTrace("non-finite").map(({ norm }) => norm);
  // Until the tile of the nearer steps has come, a point stands for several of them.
  await dashboard.page.waitForFunction((told) => {
    const text = document.querySelector('[data-chart="norm"] .surface')?.getAttribute("aria-valuetext") ?? "";
    const [, step, value] = /^Step (\d+):.*train\.py --lr 0\.1 ([\d.]+)$/.exec(text) ?? [];
    return Math.abs(Number(value) / told[Number(step)]! - 1) < 0.005;
  }, norms);
  const surface = dashboard.page.locator('[data-chart="norm"] .surface');
  await surface.focus();
  await dashboard.page.keyboard.press("End");
  assert.match((await surface.getAttribute("aria-valuetext"))!, /^Step 450:.*train\.py --lr 0\.1 NaN/);

  await dashboard.page.getByRole("button", { name: "Table of Gradient norm" }).click();
  await dashboard.page
    .locator('[data-chart="norm"] .table')
    .getByRole("columnheader", { name: "train.py --lr 0.1" })
    .waitFor();
  await dashboard.close();
});

test("where the other run had not come to, it has no value", async () => {
  const dashboard = await stage.open({ run: "spikes" });
  await compare(dashboard, "train.py --lr");
  await dashboard.page.locator('[data-chart="norm"] .surface').focus();
  await dashboard.page.keyboard.press("End");
  await dashboard.page.waitForFunction(() =>
    /--lr 0\.1 –$/.test(document.querySelector('[data-chart="norm"] .surface')?.getAttribute("aria-valuetext") ?? ""),
  );
  await dashboard.close();
});

test("what differs is named with both values, and what is the same is not", async () => {
  const dashboard = await stage.open({ run: "spikes" });
  await compare(dashboard, "train.py --lr");
  const found = await differences(dashboard);
  assert.deepEqual(found.Arguments, ["–", "--lr 0.1"]);
  assert.deepEqual(found.Optimizer, ["AdamW", "SGD"]);
  assert.deepEqual(found.Commit, ["4b825dc642", "da39a3ee5e"]);
  assert.deepEqual(found.Status, ["Finished", "Failed"]);
  assert.deepEqual(found.Steps, ["700", "451"]);
  assert.equal(found["Latest loss"]![1], "NaN");
  for (const same of ["Script", "SHA-256 of the script", "Threshold", "Python", "Framework"])
    assert.equal(found[same], undefined, same);
  await dashboard.close();
});

test("a comparison survives a reload, and ends by its button or with the other run's own choice", async () => {
  const dashboard = await stage.open({ run: "spikes" });
  await compare(dashboard, "train.py --lr");
  await dashboard.page.reload();
  await legend(dashboard).getByText("train.py --lr 0.1").waitFor();
  await dashboard.page.getByRole("button", { name: "Stop comparing" }).click();
  await dashboard.page.locator(".differences").waitFor({ state: "hidden" });
  await dashboard.page.locator('.swatch[data-color="other"]').first().waitFor({ state: "detached" });
  await compare(dashboard, "train.py --lr");
  await dashboard.post({ type: "show", run: "non-finite" });
  await dashboard.page.locator("#run").getByText("train.py --lr 0.1").waitFor();
  await dashboard.page.locator(".differences").waitFor({ state: "hidden" });
  assert.deepEqual(dashboard.complaints, []);
  await dashboard.close();
});

test("of two runs that are alike it is said, and they are told apart by their ids", async () => {
  const dashboard = await stage.open({ run: "calm" });
  await compare(dashboard, "baseline");
  await legend(dashboard).getByText("baseline.py (calm-aga)").waitFor();
  await dashboard.page.getByText("Nothing of what was recorded differs.").waitFor();
  await dashboard.close();
});
