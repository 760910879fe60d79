/** The kinds of clipping beside "Write to code": what the page says of each, and asks to be written. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { FromDashboard } from "../../protocol/webview.ts";
import type { DashboardPage } from "./page.ts";
import * as runs from "./runs.ts";
import { Stage } from "./stage.ts";

const stage = new Stage(async (hub) => {
  await hub.play(runs.unclipped);
  await hub.play(runs.spikes);
  await hub.play(runs.nonFinite);
});

type Written = Extract<FromDashboard, { type: "writeThreshold" }>;
async function written(dashboard: DashboardPage): Promise<Written> {
  for (;;) {
    const found = dashboard.sent.find((message): message is Written => message.type === "writeThreshold");
    if (found) return found;
    await dashboard.settled();
  }
}

/** What the panel of the suggestion says: the situation, the number, the sentences. */
async function said({ page }: DashboardPage): Promise<{ headline: string; number: string; why: string }> {
  const panel = page.locator(".suggestion");
  const [headline, number, why] = await Promise.all(
    [".verdict", ".threshold", ".explanation"].map((part) => panel.locator(part).innerText()),
  );
  return { headline: headline!, number: number!, why: why! };
}

async function chooseKind({ page }: DashboardPage, typed: string): Promise<void> {
  await page.locator("#clip-kind").focus();
  await page.keyboard.type(typed);
  await page.keyboard.press("Enter");
}

test("another kind of clipping says its own number and reasons, by the optimizer, and is what is written", async () => {
  const dashboard = await stage.open({ run: "unclipped" });
  const { page } = dashboard;
  const ofNorm = await said(dashboard);
  assert.match(ofNorm.headline, /^Clip the global norm at$/);
  assert.ok(await page.getByText("Steps it would have clipped").first().isVisible());

  await chooseKind(dashboard, "each component");
  const byValue = await said(dashboard);
  assert.equal(byValue.headline, "Cut each component of the gradients off at");
  assert.equal(byValue.number, "0.5");
  assert.match(byValue.why, /changes the gradient's direction/);
  assert.match(byValue.why, /AdamW doesn't care how large gradients are as a whole, but/);
  assert.equal(await page.locator(".suggestion .evidence").getByText("Steps it would have clipped").count(), 0);

  await chooseKind(dashboard, "by the norms");
  const byHistory = await said(dashboard);
  const median = await page.locator(".suggestion .evidence tr", { hasText: "Median norm" }).locator("td").innerText();
  assert.ok(Math.abs(Number(byHistory.number) / Number(median) - 1) < 0.05, `${byHistory.number} of ${median}`);
  assert.match(byHistory.why, /AdamW .* only how they differ from step to step/);

  await chooseKind(dashboard, "each unit");
  assert.equal((await said(dashboard)).number, "0.01");
  await page.getByRole("button", { name: "Write to code" }).first().click();
  assert.equal((await written(dashboard)).kind, "adaptive");
  await dashboard.close();
});

test("under SGD another kind is told of in proportion, behind what has to be known first; another run starts at the norm", async () => {
  const dashboard = await stage.open({ run: "non-finite" });
  await chooseKind(dashboard, "each unit");
  const { headline, why } = await said(dashboard);
  assert.match(headline, /^The gradients became NaN or infinite, which clipping does not cure\. Bound each unit/);
  assert.match(why, /SGD takes steps in proportion to the gradient/);
  await dashboard.post({ type: "show", run: "unclipped" });
  await dashboard.page.getByText("Clip the global norm at", { exact: true }).waitFor();
  await dashboard.close();
});

test("a threshold that may stay is not written, and another kind is, anyway", async () => {
  const dashboard = await stage.open({ run: "spikes" });
  const { page } = dashboard;
  const write = page.locator(".suggestion .write > button");
  assert.equal((await said(dashboard)).headline, "Keep the threshold in force");
  await write.waitFor({ state: "hidden" });
  await chooseKind(dashboard, "by the norms");
  assert.match(
    (await said(dashboard)).headline,
    /^The threshold in force may stay\. Clip the global norm at the median/,
  );
  assert.equal(await write.innerText(), "Write to code anyway");
  await write.click();
  assert.equal((await written(dashboard)).kind, "autoclip");
  await dashboard.close();
});
