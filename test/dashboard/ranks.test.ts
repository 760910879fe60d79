/** Runs of several ranks: what is the same on all, what one alone knows, and one that dies. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DashboardPage } from "./page.ts";
import * as runs from "./runs.ts";
import { Stage } from "./stage.ts";

const stage = new Stage(async () => {
  for (const rank of [0, 1, 2, 3]) {
    const probe = await stage.probe(runs.sharded(rank));
    await probe.tell();
    if (rank === 3) await probe.warn("optimizer", 40, "The gradients changed between the clip and the update.");
    if (rank === 2) probe.close();
  }
});

const row = ({ page }: DashboardPage, rank: number) => page.locator(`.ranks tr[data-rank="${rank}"]`);
const legend = ({ page }: DashboardPage) => page.locator('[data-chart="norm"] .legend');
const figure = ({ page }: DashboardPage, id: string) => page.locator(`[data-figure="${id}"] .value`);

/** The last step that every rank told, 149: the trace's norm is halved, and each rank has a tenth more of that. */
const NORM = Math.hypot(1, 1.1, 1.2, 1.3) / 2;

test("one series is shown, with the norm of all ranks", async () => {
  const dashboard = await stage.open({ run: "sharded" });
  await legend(dashboard).getByText("Before clipping").waitFor();
  assert.equal(await dashboard.page.locator("#series").isVisible(), false);
  const norm = runs.sharded(0).series[0]!.steps.map((step) => step.norm * 2)[149]! * NORM;
  await dashboard.page.getByText("Steps 0 to 150").waitFor();
  assert.ok(Math.abs(Number(await figure(dashboard, "latest").innerText()) / norm - 1) < 0.01);
  await dashboard.close();
});

test("a rank's own values are shown on request, and still after a reload", async () => {
  const dashboard = await stage.open({ run: "sharded" });
  await dashboard.page.getByRole("button", { name: "Show the charts of rank 1" }).click();
  await legend(dashboard).getByText("Share of this rank").waitFor();
  await dashboard.page.reload();
  await legend(dashboard).getByText("Share of this rank").waitFor();
  assert.match(await row(dashboard, 1).innerText(), /Running\s+150\s+0\.268\s+0\.495/);
  await dashboard.page.locator(".suggestion").getByText("Clip the global norm at", { exact: true }).waitFor(); // the advice is for all ranks
  await dashboard.page.getByRole("button", { name: "All ranks" }).click();
  await legend(dashboard).getByText("Before clipping").waitFor();
  await dashboard.close();
});

test("a rank that is lost is named, with what to do", async () => {
  const dashboard = await stage.open({ run: "sharded" });
  const alert = dashboard.page.getByRole("alert");
  await alert.getByText("Rank 2 was lost at step 149").waitFor();
  assert.match(await alert.innerText(), /memory.*dmesg.*The other ranks wait for it in vain: stop the run/s);
  await row(dashboard, 2).getByText("Lost").waitFor();
  await dashboard.page.locator(".status").getByText("rank 2 was lost").waitFor();
  await dashboard.close();
});

test("what only another rank told is among the events of all", async () => {
  const dashboard = await stage.open({ run: "sharded" });
  const events = dashboard.page.locator(".events li");
  await events.getByText("Rank 3: The gradients changed").waitFor();
  await dashboard.page.getByRole("button", { name: "Show the charts of rank 1" }).click();
  await dashboard.page.getByText("No events.").waitFor();
  await dashboard.page.getByRole("button", { name: "Show the charts of rank 3" }).click();
  await events.getByText(/^The gradients changed/).waitFor();
  await dashboard.close();
});
