/** Other runs over the one on screen: their lines in the charts, and in what the runs differ. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pixels, type Rgb, themeColor } from "./canvas.ts";
import type { DashboardPage } from "./page.ts";
import { readTrace } from "./recorded-run.ts";
import * as runs from "./runs.ts";
import { Stage } from "./stage.ts";

const stage = new Stage(async (hub) => {
  await hub.play(runs.nonFinite, { status: "failed", error: runs.TRACEBACK });
  await hub.play(runs.spikes);
  await hub.play({ ...runs.calm, info: { ...runs.calm.info, id: "calm-again" } });
  await hub.play(runs.calm);
  for (const run of runs.sweep) await hub.play(run, { status: "finished" });
});

/** Theme colours of the places. */
const INKS = ["foreground", "terminal-ansiCyan", "terminal-ansiMagenta", "terminal-ansiYellow"];

const legend = ({ page }: DashboardPage, chart = "norm") => page.locator(`[data-chart="${chart}"] .legend`);
const swatch = ({ page }: DashboardPage, place: number, chart = "norm") =>
  page.locator(`[data-chart="${chart}"] .legend .swatch[data-color="other-${place}"]`);
const differences = async ({ page }: DashboardPage) =>
  page
    .locator(".differences tbody tr")
    .evaluateAll((rows) =>
      Object.fromEntries(
        rows
          .map((row) => [...row.children].map((cell) => cell.textContent?.trim()))
          .map(([name, ...values]) => [name, values]),
      ),
    );

/** Chooses the runs in the list, which stays open meanwhile, by typing the beginning of each name. */
async function compare(dashboard: DashboardPage, ...typed: string[]): Promise<void> {
  const { page } = dashboard;
  await page.locator("#others").focus();
  for (const [i, name] of typed.entries()) {
    // What was typed before is over once something is chosen.
    await page.keyboard.type(name);
    await page.keyboard.press("Enter");
    await page.locator('#others-list [aria-selected="true"]').nth(i).waitFor();
  }
  await page.keyboard.press("Escape");
  await swatch(dashboard, typed.length).waitFor();
  await dashboard.settled();
}

test("another run's line stands in the charts, named, with its values under the crosshair", async () => {
  const dashboard = await stage.open({ run: "spikes" });
  await compare(dashboard, "train.py --lr 0.1");
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

test("where another run had not come to, it has no value", async () => {
  const dashboard = await stage.open({ run: "spikes" });
  await compare(dashboard, "train.py --lr 0.1");
  await dashboard.page.locator('[data-chart="norm"] .surface').focus();
  await dashboard.page.keyboard.press("End");
  await dashboard.page.waitForFunction(() =>
    /--lr 0\.1 –$/.test(document.querySelector('[data-chart="norm"] .surface')?.getAttribute("aria-valuetext") ?? ""),
  );
  await dashboard.close();
});

test("several runs are chosen in one go, each with a colour of its own that it keeps while others go", async () => {
  const dashboard = await stage.open({ run: "spikes" });
  const inks: Rgb[] = [];
  for (const name of INKS) inks.push(await themeColor(dashboard, name));
  const drawn = async (i: number) => (await pixels(dashboard, "loss", inks[i]!, 24)).length;
  const before = [await drawn(0), await drawn(1), await drawn(2)];
  await compare(dashboard, "sweep --lr 0.01", "sweep --lr 0.03", "sweep --lr 0.1");
  assert.deepEqual(await legend(dashboard, "loss").locator("li .name").allTextContents(), [
    "Loss",
    "sweep --lr 0.01",
    "sweep --lr 0.03",
    "sweep --lr 0.1",
  ]);
  assert.equal(await dashboard.page.locator("#others .detail").textContent(), "3 runs");
  for (const i of [0, 1, 2]) assert.ok((await drawn(i)) > before[i]! + 50, `line ${i} was drawn`);
  const text = await dashboard.page.locator('[data-chart="loss"] .surface').getAttribute("aria-valuetext");
  assert.equal(text, "No step chosen");

  await dashboard.page.getByRole("button", { name: "Stop comparing with sweep --lr 0.03" }).click();
  await swatch(dashboard, 2).waitFor({ state: "detached" });
  await dashboard.settled();
  assert.equal(await drawn(1), before[1]);
  await swatch(dashboard, 3).waitFor();
  // The next one takes the place that is free.
  await dashboard.page.locator("#others").focus();
  await dashboard.page.keyboard.type("sweep --lr 0.3");
  await dashboard.page.keyboard.press("Enter");
  await swatch(dashboard, 2).waitFor();
  await dashboard.close();
});

test("the run on screen stands in front", async () => {
  const dashboard = await stage.open({ run: "calm" });
  const own = await themeColor(dashboard, "charts-blue");
  const other = await themeColor(dashboard, "foreground");
  await compare(dashboard, "baseline.py");
  // They have the same values, so one covers the other.
  const spots = async (color: Rgb) => (await pixels(dashboard, "loss", color, 8)).length;
  const [mine, its] = [await spots(own), await spots(other)];
  assert.ok(mine > 100 && its < mine / 2, `${mine} pixels in front, ${its} behind`);
  // Its line is nowhere to be seen, and why is said; where the run has no threshold and this one neither, nothing is drawn.
  await legend(dashboard, "loss")
    .getByText(/^[\d.]+ \(equal, so hidden\)$/)
    .waitFor();
  await dashboard.page.locator("#others").focus();
  await dashboard.page.keyboard.type("sweep --lr 0.03");
  await dashboard.page.keyboard.press("Enter");
  await dashboard.page.keyboard.press("Escape");
  await swatch(dashboard, 2, "loss").waitFor();
  await dashboard.settled();
  assert.equal(await legend(dashboard, "loss").getByText("(equal, so hidden)").count(), 1);
  // A picture has no values, but it says so, too.
  const picture = await dashboard.saved("Loss", "Save picture (SVG)…");
  assert.match(new TextDecoder().decode(picture.bytes), />baseline\.py[^<]* \(equal, so hidden\)</);
  await dashboard.screenshot("compared-equal");
  await dashboard.close();
});

test("a chart of which the run on screen has nothing shows the others, and says so", async () => {
  const dashboard = await stage.open({ run: "calm" });
  const { page } = dashboard;
  const panel = page.locator('[data-chart="clip-rate"]');
  await panel.getByText("Nothing has been clipped in this run: no threshold was seen.").waitFor();
  await panel.locator("canvas").waitFor({ state: "hidden" });
  await compare(dashboard, "sweep --lr 0.03");
  await legend(dashboard, "clip-rate").getByText("sweep --lr 0.03").waitFor();
  await panel.getByText("Nothing has been clipped in this run: no threshold was seen.").waitFor();
  const ink = await themeColor(dashboard, INKS[0]!);
  await page.waitForFunction(() =>
    /sweep --lr 0\.03: /.test(document.querySelector('[data-chart="clip-rate"] canvas')!.ariaLabel!),
  );
  await dashboard.settled();
  assert.ok((await pixels(dashboard, "clip-rate", ink, 24)).length > 50);
  // One line is enough for the head then, also of the one small chart that there is.
  for (const chart of ["clip-rate", "learning-rate"]) {
    const parts = ["h2", ".legend", ".tools"].map((part) =>
      page.locator(`[data-chart="${chart}"] ${part}`).boundingBox(),
    );
    const middles = (await Promise.all(parts)).map((box) => box!.y + box!.height / 2);
    assert.ok(Math.max(...middles) - Math.min(...middles) < 3, `${chart}: ${middles}`);
  }
  await dashboard.screenshot("compared-unclipped");
  await page.getByRole("button", { name: "Table of Clip rate" }).click();
  await panel.getByRole("columnheader", { name: "sweep --lr 0.03" }).waitFor();
  await page.getByRole("button", { name: "Stop comparing", exact: true }).click();
  await panel.locator("canvas").waitFor({ state: "hidden" });
  assert.deepEqual(dashboard.complaints, []);
  await dashboard.close();
});

test("there are six places: the rest can't be chosen then, and it is said", async () => {
  const dashboard = await stage.open({ run: "spikes" });
  const { page } = dashboard;
  const names = runs.sweep.map(({ info }) => info.name);
  await compare(dashboard, ...names.slice(0, 6));
  await page.locator("#others").press("ArrowDown");
  await page.getByText("At most 6 runs can be compared with").waitFor();
  assert.equal(await page.locator('#others-list [aria-selected="true"]').count(), 6);
  const last = page.locator("#others-list li").filter({ hasText: "train.py --lr 0.1" });
  assert.equal(await last.getAttribute("aria-disabled"), "true");
  await last.click({ force: true });
  await dashboard.settled();
  assert.equal(await page.locator('#others-list [aria-selected="true"]').count(), 6);
  await page.locator("#others-list li").filter({ hasText: names[1]! }).first().click();
  await page.locator('#others-list [aria-disabled="true"]').first().waitFor({ state: "detached" });
  await page.locator("#others-list li").filter({ hasText: "No other run" }).click();
  await page.locator(".differences").waitFor({ state: "hidden" });
  assert.deepEqual(dashboard.complaints, []);
  await dashboard.close();
});

test("what differs is named with the values of all, and what is the same is not", async () => {
  const dashboard = await stage.open({ run: "spikes" });
  await compare(dashboard, "train.py --lr 0.1");
  await dashboard.page.waitForFunction(() => /Lowest loss/.test(document.querySelector(".differences")!.textContent!));
  const found = await differences(dashboard);
  assert.deepEqual(found.Arguments, ["–", "--lr 0.1"]);
  assert.deepEqual(found.Optimizer, ["AdamW", "SGD"]);
  assert.deepEqual(found.Commit, ["4b825dc642", "da39a3ee5e"]);
  assert.deepEqual(found.Status, ["Finished", "Failed"]);
  assert.deepEqual(found.Steps, ["700", "451 −249"]);
  assert.equal(found["Latest loss"]![1], "NaN");
  for (const same of ["Script", "SHA-256 of the script", "Threshold", "Python", "Framework"])
    assert.equal(found[same], undefined, same);
  await dashboard.page.getByRole("button", { name: "Show what is the same" }).click();
  assert.deepEqual((await differences(dashboard)).Threshold, ["1", "1"]);
  await dashboard.close();
});

test("a run that may have ended since is not said to be running", async () => {
  await (await stage.probe({ ...runs.spikes, info: { ...runs.spikes.info, id: "going-on", name: "going on" } })).tell();
  const relay = stage.hub.relay();
  const dashboard = await stage.open({ run: "non-finite", relay });
  await compare(dashboard, "going on");
  const status = dashboard.page.locator(".differences tr").filter({ hasText: "Status" });
  await status.getByText("Running", { exact: true }).waitFor();
  relay.drop();
  await status.getByText("Running when last heard from", { exact: true }).waitFor();
  await dashboard.close();
});

test("several runs are told against the one on screen, and can be copied as text", async () => {
  const dashboard = await stage.open({ run: "sweep-0" });
  await compare(dashboard, "sweep --lr 0.03", "sweep --lr 0.1");
  await dashboard.page.getByText("Factors and signs are against sweep --lr 0.01.").waitFor();
  const found = await differences(dashboard);
  assert.deepEqual(found["Latest learning rate"], ["0.01", "0.03 ×3", "0.1 ×10"]);
  assert.deepEqual(found.Threshold, ["1", "0.5 ×0.5", "1"]);
  const losses = readTrace("calm").map(({ loss }) => loss);
  const shown = Number(found["Lowest loss of the steps shown"]![0]);
  assert.ok(Math.abs(shown / Math.min(...losses) - 1) < 0.01, `lowest loss ${shown}`);
  await dashboard.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await dashboard.page.getByRole("button", { name: "Copy as text" }).click();
  await dashboard.page.locator(".differences").getByText("Copied", { exact: true }).waitFor();
  const [head, , ...rows] = (await dashboard.page.evaluate(() => navigator.clipboard.readText())).trim().split("\n");
  assert.equal(head, "| What | sweep --lr 0.01 | sweep --lr 0.03 | sweep --lr 0.1 |");
  assert.ok(rows.includes("| Latest learning rate | 0.01 | 0.03 (×3) | 0.1 (×10) |"), rows.join("\n"));
  await dashboard.close();
});

test("a comparison survives a reload, and ends by its button or with the other run's own choice", async () => {
  const dashboard = await stage.open({ run: "spikes" });
  await compare(dashboard, "train.py --lr 0.1", "sweep --lr 0.03");
  await dashboard.page.reload();
  await legend(dashboard).getByText("train.py --lr 0.1").waitFor();
  await legend(dashboard).getByText("sweep --lr 0.03").waitFor();
  await dashboard.page.getByRole("button", { name: "Stop comparing", exact: true }).click();
  await dashboard.page.locator(".differences").waitFor({ state: "hidden" });
  await dashboard.page.locator('.legend .swatch[data-line="other"]').first().waitFor({ state: "detached" });
  await compare(dashboard, "train.py --lr 0.1");
  await dashboard.post({ type: "show", run: "non-finite" });
  await dashboard.page.locator("#run").getByText("train.py --lr 0.1").waitFor();
  await dashboard.page.locator(".differences").waitFor({ state: "hidden" });
  assert.deepEqual(dashboard.complaints, []);
  await dashboard.close();
});

test("a page that an earlier version left still compares with its one other run", async () => {
  const dashboard = await stage.open({ run: "spikes" });
  await dashboard.page.waitForFunction(() => sessionStorage.getItem("state") !== null);
  await dashboard.page.addInitScript(() => {
    const { others: _, ...kept } = JSON.parse(sessionStorage.getItem("state")!);
    sessionStorage.setItem("state", JSON.stringify({ ...kept, other: "non-finite" }));
  });
  await dashboard.page.reload();
  await legend(dashboard).getByText("train.py --lr 0.1").waitFor();
  await dashboard.close();
});

test("of other runs only what is compared is asked for", async () => {
  const dashboard = await stage.open({ run: "spikes" });
  await compare(dashboard, "train.py --lr 0.1", "sweep --lr 0.03");
  const tiles = dashboard.sent.flatMap((message) =>
    message.type === "request" && message.request.method === "tile" ? [message.request] : [],
  );
  assert.deepEqual([...new Set(tiles.map(({ run }) => run))].sort(), ["non-finite", "spikes", "sweep-1"]);
  const metrics = tiles.find(({ run }) => run === "sweep-1")!.metrics;
  assert.ok(metrics.includes("norm_pre") && !metrics.includes("norm_post"), metrics.join());
  await dashboard.close();
});

test("of two runs that are alike it is said, and they are told apart by their ids", async () => {
  const dashboard = await stage.open({ run: "calm" });
  await compare(dashboard, "baseline");
  await legend(dashboard).getByText("baseline.py (calm-aga)").waitFor();
  await dashboard.page.getByText("Nothing of what was recorded differs.").waitFor();
  await dashboard.close();
});
