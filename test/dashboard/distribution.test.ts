/** The distribution of a run's norms, and the handle that says what another threshold would have done. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pixels, themeColor } from "./canvas.ts";
import type { DashboardPage } from "./page.ts";
import { readTrace } from "./recorded-run.ts";
import * as runs from "./runs.ts";
import { Stage } from "./stage.ts";

const stage = new Stage(async (hub) => {
  await hub.play(runs.unclipped);
  await hub.play(runs.spikes);
  await hub.play(runs.noScript);
  await hub.play(runs.converged);
});

const handle = ({ page }: DashboardPage) => page.getByRole("slider", { name: "Threshold to try" });
const tried = async (dashboard: DashboardPage) => Number(await handle(dashboard).getAttribute("aria-valuenow"));
const row = async ({ page }: DashboardPage, name: string) =>
  (await page.locator(".effects tbody tr").filter({ hasText: name }).locator("td").allInnerTexts()).map(
    Number.parseFloat,
  );

/** By the trace itself, without the steps that the scaler skipped. */
function effectOn(run: typeof runs.spikes, threshold: number): [clipped: number, factor: number] {
  const [{ steps, skipped = [] }] = run.series as [(typeof run.series)[number]];
  const norms = steps.filter(({ step }) => !skipped.includes(step)).map(({ norm }) => norm);
  const factors = norms.map((norm) => Math.min(1, threshold / norm));
  const sum = factors.reduce((total, factor) => total + factor, 0);
  return [norms.filter((norm) => norm > threshold).length / norms.length, sum / norms.length];
}

/** What a key changes is drawn with the next frame. */
async function press(dashboard: DashboardPage, key: string) {
  await dashboard.page.keyboard.press(key);
  await dashboard.settled();
}

async function opened(run: string): Promise<DashboardPage> {
  const dashboard = await stage.open({ run });
  await handle(dashboard).waitFor();
  return dashboard;
}

/** Three digits are shown; norms in bins are told to within half a per cent. */
function assertEffect([, clipped, factor]: number[], [share, mean]: [number, number], slack: number) {
  assert.ok(Math.abs(clipped! / 100 - share) < 0.0005 + slack, `${clipped} % clipped, by the trace ${share}`);
  assert.ok(Math.abs(factor! - mean) < 0.0005 + slack, `factor ${factor}, by the trace ${mean}`);
}

test("each threshold's effect is that on the recorded norms, exactly up to 1000 steps", async () => {
  const dashboard = await opened("spikes");
  await dashboard.page.getByText("698 steps, before clipping", { exact: true }).waitFor();
  assert.equal((await row(dashboard, "In force"))[0], 1);
  assertEffect(await row(dashboard, "In force"), effectOn(runs.spikes, 1), 0);
  await handle(dashboard).focus();
  for (const key of ["PageUp", "ArrowRight", "ArrowDown", "PageUp", "ArrowUp"]) {
    const before = await tried(dashboard);
    await press(dashboard, key);
    await dashboard.page.waitForFunction(
      (old) => document.querySelector(".handle")?.getAttribute("aria-valuenow") !== String(old),
      before,
    );
    assert.equal((await tried(dashboard)) > before, key !== "ArrowDown");
    assertEffect(await row(dashboard, "Tried"), effectOn(runs.spikes, await tried(dashboard)), 0);
  }
  assert.match(
    (await handle(dashboard).getAttribute("aria-valuetext"))!,
    /^[\d.]+: [\d.]+% of the steps clipped, mean clip factor [\d.]+$/,
  );
  await dashboard.close();
});

test("of a longer run the resolution is said, and the suggestion's effect is the evidence's", async () => {
  const dashboard = await opened("unclipped");
  await dashboard.page.getByText("1,200 steps, before clipping · norms to within 0.5%").waitFor();
  const suggested = await row(dashboard, "Suggested");
  assertEffect(suggested, effectOn(runs.unclipped, suggested[0]!), 0.01);
  const evidence = (name: string) => dashboard.page.locator(".evidence tr").filter({ hasText: name }).locator("td");
  assert.equal(Number.parseFloat(await evidence("Steps it would have clipped").innerText()), suggested[1]);
  assert.equal(Number.parseFloat(await evidence("Mean clip factor").innerText()), suggested[2]);
  await dashboard.close();
});

test("the handle is dragged by mouse and by touch, and what it clips has the other colour", async () => {
  const dashboard = await opened("spikes");
  const plot = dashboard.page.locator(".distribution .plot");
  await plot.scrollIntoViewIfNeeded();
  const box = (await plot.boundingBox())!;
  const y = box.y + box.height / 2;
  const grip = (await handle(dashboard).boundingBox())!;
  await dashboard.page.mouse.move(grip.x + grip.width / 2, y);
  await dashboard.page.mouse.down();
  await dashboard.page.mouse.move(box.x + box.width * 0.7, y, { steps: 4 });
  await dashboard.page.mouse.up();
  await dashboard.settled();
  const mouse = await tried(dashboard);
  assert.ok(mouse > 2);
  assertEffect(await row(dashboard, "Tried"), effectOn(runs.spikes, mouse), 0);
  const spots = await pixels(dashboard, "distribution", await themeColor(dashboard, "charts-purple"));
  assert.ok(spots.length > 10);
  assert.ok(Math.min(...spots.map(({ x }) => x)) > box.width * 0.7 - 2);

  const session = await dashboard.page.context().newCDPSession(dashboard.page);
  const touch = (type: "touchStart" | "touchMove" | "touchEnd", x?: number) =>
    session.send("Input.dispatchTouchEvent", { type, touchPoints: x === undefined ? [] : [{ x, y }] });
  await touch("touchStart", box.x + box.width * 0.7);
  for (const share of [0.65, 0.6, 0.5, 0.4]) await touch("touchMove", box.x + box.width * share);
  await touch("touchEnd");
  await dashboard.settled();
  const finger = await tried(dashboard);
  assert.ok(finger < mouse / 4, `${finger} after ${mouse}`);
  assertEffect(await row(dashboard, "Tried"), effectOn(runs.spikes, finger), 0);
  await dashboard.close();
});

test("what is tried survives a reload, and goes back with Escape or with another run", async () => {
  const dashboard = await opened("unclipped");
  const suggested = await tried(dashboard);
  await handle(dashboard).focus();
  await press(dashboard, "PageUp");
  await dashboard.page.getByRole("button", { name: "Back to the suggestion" }).waitFor();
  const other = await tried(dashboard);
  await dashboard.page.reload();
  await handle(dashboard).waitFor();
  assert.equal(await tried(dashboard), other);
  await handle(dashboard).focus();
  await press(dashboard, "Escape");
  await dashboard.page.getByRole("button", { name: "Back to the suggestion" }).waitFor({ state: "hidden" });
  assert.equal(await tried(dashboard), suggested);
  await press(dashboard, "Home");
  await dashboard.page.locator(".effects").getByText("100%").waitFor();
  await dashboard.post({ type: "show", run: "spikes" });
  await dashboard.page.locator(".effects").getByText("In force").waitFor();
  assert.equal(await tried(dashboard), (await row(dashboard, "Suggested"))[0]);
  await dashboard.close();
});

test("the threshold that is tried goes to the code, and the outcome stands beside it", async () => {
  const dashboard = await opened("unclipped");
  await handle(dashboard).focus();
  await press(dashboard, "PageUp");
  const threshold = await tried(dashboard);
  await dashboard.page.getByRole("button", { name: `Write ${threshold} to code` }).click();
  await dashboard.page.locator(".distribution").getByRole("button", { name: "Writing…" }).waitFor();
  const sent = dashboard.sent.filter(({ type }) => type === "writeThreshold");
  assert.deepEqual(sent, [
    { type: "writeThreshold", id: 1, run: "unclipped", series: "adamw", threshold, kind: "norm" },
  ]);
  await dashboard.post({ type: "written", id: 1, ok: { ...runs.SITE, cell: null, summary: "Inserted." }, err: null });
  await dashboard.page.locator(".distribution").getByRole("button", { name: "train.py:42" }).waitFor();
  assert.equal(await dashboard.page.locator(".suggestion .outcome").isVisible(), false);
  await dashboard.close();
});

test("the table of the distribution counts every step once", async () => {
  const dashboard = await opened("no-script");
  assert.equal(await dashboard.page.getByRole("button", { name: /^Write .* to code$/ }).isVisible(), false);
  await dashboard.page.getByRole("button", { name: "Table of the distribution of the norms" }).click();
  const rows = dashboard.page.locator('[data-chart="distribution"] .table tbody tr');
  await rows.first().waitFor();
  const cells = await rows.evaluateAll((all) => all.map((one) => [...one.children].map((cell) => cell.textContent!)));
  const counted = cells.map(([, count]) => Number(count!.replace(",", "")));
  const steps = readTrace("heavy-tail").filter(({ step }) => step < 300 || step >= 400).length;
  assert.equal(
    counted.reduce((sum, count) => sum + count, 0),
    steps,
  );
  assert.equal(Number(cells[0]![3]!.replace(",", "")), steps);
  await dashboard.close();
});

test("a run that has converged has no suggestion here either, only what is tried", async () => {
  const dashboard = await opened("converged");
  assert.deepEqual(await dashboard.page.locator(".effects tbody th").allInnerTexts(), ["Tried"]);
  await dashboard.close();
});
