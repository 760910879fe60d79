/** The charts show what the hub holds, where it belongs; and they are moved about by pointer and by keyboard. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeFrame } from "../../protocol/frame.ts";
import { pixels, rowOf, themeColor } from "./canvas.ts";
import type { HubRelay } from "./hub.ts";
import type { DashboardPage } from "./page.ts";
import * as runs from "./runs.ts";
import { Stage } from "./stage.ts";

const stage = new Stage(async (hub) => {
  await hub.play(runs.nonFinite, { status: "failed", error: runs.TRACEBACK });
  await hub.play(runs.spikes);
  await hub.play(runs.calm);
  await hub.play(runs.noScript);
  await hub.play(runs.groups);
});

const surface = ({ page }: DashboardPage, chart = "norm") => page.locator(`[data-chart="${chart}"] .surface`);
const stepAt = async (dashboard: DashboardPage, chart = "norm") =>
  Number(await surface(dashboard, chart).getAttribute("aria-valuenow"));
const legend = ({ page }: DashboardPage, chart = "norm") => page.locator(`[data-chart="${chart}"] .legend`).innerText();

/** Shows exactly these steps, one bucket each. */
async function zoomTo(dashboard: DashboardPage, step: number) {
  await dashboard.page.getByRole("button", { name: `step ${step}` }).click();
  await dashboard.page.getByText(`Steps ${step - 50} to ${step + 50}`).waitFor();
  await dashboard.page.waitForFunction(() =>
    /Step \d+:/.test(document.querySelector('[data-chart="norm"] .surface')?.getAttribute("aria-valuetext") ?? ""),
  );
  await surface(dashboard).scrollIntoViewIfNeeded(); // what is out of view is drawn later
  await dashboard.settled();
}

test("the value axis is logarithmic and its lines stand at their values", async () => {
  const dashboard = await stage.open({ run: "non-finite" });
  const threshold = rowOf(await pixels(dashboard, "norm", await themeColor(dashboard, "charts-orange")));
  const suggested = rowOf(await pixels(dashboard, "norm", await themeColor(dashboard, "charts-green")));
  const [top] = await pixels(dashboard, "norm", await themeColor(dashboard, "charts-blue"), 40);
  const text = await dashboard.page.locator(".suggestion .threshold").innerText();
  // In force is 1, whose logarithm is 0; so the suggestion's row tells the pixels of one unit.
  const perUnit = (suggested - threshold) / -Math.log(Number(text));
  const highest = Math.exp((threshold - top!.y) / perUnit);
  const tile = decodeFrame((stage.lastRelay as HubRelay).tiles.at(-1)!);
  const means = tile.columns["norm_pre.mean"]!.data as Float64Array;
  const truth = Math.max(...means.filter(Number.isFinite));
  assert.ok(Math.abs(Math.log(highest / truth)) * perUnit < 3, `drawn at ${highest}, recorded ${truth}`);
  await dashboard.close();
});

test("a spike stands over its step", async () => {
  const dashboard = await stage.open({ run: "spikes" });
  await zoomTo(dashboard, 600);
  const spots = await pixels(dashboard, "norm", await themeColor(dashboard, "charts-blue"), 40);
  const [top] = spots;
  const box = (await surface(dashboard).boundingBox())!;
  await dashboard.page.mouse.move(box.x + top!.x, box.y + top!.y + 20);
  assert.equal(await stepAt(dashboard), 600);
  assert.match(await legend(dashboard), /67\.5/);
  const markers = await pixels(dashboard, "norm", await themeColor(dashboard, "charts-yellow"));
  const center = markers.reduce((sum, { x }) => sum + x, 0) / markers.length;
  assert.ok(Math.abs(center - top!.x) < 2, `the mark is at ${center}, the peak at ${top!.x}`);
  await dashboard.close();
});

test("the crosshair is one for all charts", async () => {
  const dashboard = await stage.open({ run: "spikes" });
  const box = (await surface(dashboard).boundingBox())!;
  await dashboard.page.mouse.move(box.x + box.width / 2, box.y + 50);
  const step = await stepAt(dashboard);
  assert.ok(step > 300 && step < 400);
  for (const chart of ["loss", "clip-rate", "learning-rate", "update-ratio", "step-time"])
    assert.equal(await stepAt(dashboard, chart), step);
  await dashboard.page.mouse.move(5, 5);
  await dashboard.page.waitForFunction(
    () => document.querySelector('[data-chart="loss"] .surface')?.getAttribute("aria-valuetext") === "No step chosen",
  );
  await dashboard.close();
});

test("parameter groups that have learning rates of their own have lines of their own", async () => {
  const dashboard = await stage.open({ run: "groups" });
  await surface(dashboard, "learning-rate").scrollIntoViewIfNeeded();
  const box = (await surface(dashboard, "learning-rate").boundingBox())!;
  await dashboard.page.mouse.move(box.x + box.width / 6, box.y + 30);
  const step = await stepAt(dashboard, "learning-rate");
  assert.ok(step > 50 && step < 150);
  const told = (await surface(dashboard, "learning-rate").getAttribute("aria-valuetext"))!;
  const rates = [.../: Groups 0–1 (\S+), Group 4 (\S+), Groups 2–3 (\S+)$/.exec(told)!.slice(1)].map(Number);
  assert.ok(Math.abs(rates[2]! / rates[0]! - 10) < 0.1, told);
  assert.equal(rates[1], 0);
  const table = dashboard.page.locator('[data-chart="learning-rate"] table');
  await dashboard.page.getByRole("button", { name: "Table of Learning rate" }).click();
  await table.locator("tbody tr").first().waitFor();
  assert.deepEqual(await table.locator("thead th").allInnerTexts(), ["Steps", "Groups 0–1", "Group 4", "Groups 2–3"]);
  await dashboard.close();
});

test("a chart that the run has nothing for takes no room", async () => {
  const told = await stage.open({ run: "spikes" });
  const visible = (dashboard: typeof told) => dashboard.page.locator(".small .chart:visible").count();
  assert.equal(await visible(told), 3);
  await told.close();
  const silent = await stage.open({ run: "calm" });
  assert.equal(await visible(silent), 0);
  assert.equal(await silent.page.locator(".small").isVisible(), false);
  await silent.close();
});

test("NaN is a mark at the upper edge and a word in the legend, never a point", async () => {
  const dashboard = await stage.open({ run: "non-finite" });
  const red = await themeColor(dashboard, "charts-red");
  for (const chart of ["norm", "loss"]) {
    const marks = await pixels(dashboard, chart, red);
    assert.ok(marks.length > 8, `${chart} has a mark`);
    assert.ok(Math.max(...marks.map(({ y }) => y)) < 24, `${chart}: at the upper edge`);
  }
  await surface(dashboard).focus();
  await dashboard.page.keyboard.press("End");
  assert.match(await legend(dashboard), /NaN/);
  const label = await dashboard.page.locator('[data-chart="norm"] canvas').getAttribute("aria-label");
  assert.match(label!, /NaN or infinite in 1 place\./);
  await dashboard.close();
});

test("the canvas says in words what it shows", async () => {
  const dashboard = await stage.open({ run: "spikes" });
  const label = await dashboard.page.locator('[data-chart="norm"] canvas').getAttribute("aria-label");
  assert.match(label!, /^Gradient norm, steps 0 to 699\. Before clipping: 0\.0\d+ to 67\.5\./);
  const low = (line: string) => new RegExp(`${line} clipping: ([\\d.]+) to`).exec(label!)?.[1];
  assert.equal(
    low("After"),
    low("Before"),
    "the lowest of steps, unclipped, not of the means that the line is drawn through",
  );
  assert.match(label!, /Threshold: 1\. 3 spikes\. 2 skipped steps\.$/);
  await dashboard.close();
});

test("steps that never arrived are a gap", async () => {
  const dashboard = await stage.open({ run: "no-script" });
  const spots = await pixels(dashboard, "norm", await themeColor(dashboard, "charts-blue"), 40);
  const box = (await surface(dashboard).boundingBox())!;
  const columns = new Set(spots.map(({ x }) => Math.round(x)));
  const [left, right] = [Math.min(...columns), Math.max(...columns)];
  const at = (step: number) => Math.round(left + ((right - left) * step) / 1199);
  for (let x = at(305); x < at(395); x++) assert.ok(!columns.has(x), `${x} of ${box.width} is drawn`);
  assert.ok(columns.has(at(250)) && columns.has(at(500)));
  await dashboard.close();
});

test("the table holds the numbers of the chart", async () => {
  const dashboard = await stage.open({ run: "spikes" });
  await dashboard.page.getByRole("button", { name: "Table of Gradient norm" }).click();
  const { columns } = decodeFrame((stage.lastRelay as HubRelay).tiles.at(-1)!);
  const rows = dashboard.page.locator('[data-chart="norm"] tbody tr');
  await rows.last().waitFor();
  // Two steps a row and more, so that lowest, mean and highest differ.
  assert.ok(columns.from!.data.length < 400);
  assert.equal(await rows.count(), columns.from!.data.length);
  const cells = await rows.evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent)));
  const told = [
    "from",
    "norm_pre.min",
    "norm_pre.mean",
    "norm_pre.max",
    "norm_pre.nonfinite",
    "norm_post.mean",
    "threshold.mean",
  ];
  for (const [i, row] of cells.entries())
    for (const [j, name] of told.entries()) {
      const value = Number(columns[name]!.data[i]);
      assert.ok(
        Math.abs(Number.parseFloat(row[j]!) - value) <= Math.abs(value) * 0.005,
        `row ${i}, ${name}: ${row[j]} for ${value}`,
      );
    }
  assert.equal(await dashboard.page.locator('[data-chart="norm"] thead th').count(), told.length);
  await dashboard.close();
});

test("keys move the crosshair, zoom and fit", async () => {
  const dashboard = await stage.open({ run: "spikes" });
  const { keyboard } = dashboard.page;
  await surface(dashboard, "loss").focus();
  await keyboard.press("Home");
  assert.equal(await stepAt(dashboard, "loss"), 0);
  await keyboard.press("ArrowRight");
  const second = await stepAt(dashboard, "loss");
  assert.ok(second > 0 && second < 20);
  await keyboard.press("PageUp");
  assert.ok((await stepAt(dashboard, "loss")) > second + 9);
  await keyboard.press("+");
  await dashboard.page.getByText(/^Steps \d+ to \d+$/).waitFor();
  await keyboard.press("0");
  await dashboard.page.getByText("Steps 0 to 699 · whole run").waitFor();
  await dashboard.close();
});

test("a drag zooms all charts, Ctrl and the wheel zoom out, a double click fits", async () => {
  const dashboard = await stage.open({ run: "spikes" });
  const { mouse, keyboard } = dashboard.page;
  const box = (await surface(dashboard).boundingBox())!;
  await mouse.move(box.x + 200, box.y + 60);
  await mouse.down();
  await mouse.move(box.x + 400, box.y + 60, { steps: 3 });
  await mouse.up();
  await dashboard.page.getByText(/^Steps \d+ to \d+$/).waitFor();
  const zoomed = await dashboard.page.locator(".toolbar .steps").innerText();
  await keyboard.down("Control");
  await mouse.wheel(0, 60);
  await keyboard.up("Control");
  await dashboard.page.waitForFunction((old) => document.querySelector(".toolbar .steps")?.textContent !== old, zoomed);
  await mouse.dblclick(box.x + 300, box.y + 60);
  await dashboard.page.getByText("whole run").waitFor();
  await dashboard.close();
});

test("the wheel alone scrolls the page over a chart that nobody has focused", async () => {
  const dashboard = await stage.open({ run: "spikes", height: 500 });
  const box = (await surface(dashboard).boundingBox())!;
  await dashboard.page.mouse.move(box.x + 200, box.y + 60);
  await dashboard.page.mouse.wheel(0, -120);
  await dashboard.page.mouse.wheel(0, 120);
  await dashboard.page.waitForFunction(() => document.scrollingElement!.scrollTop > 0);
  assert.match(await dashboard.page.locator(".toolbar .steps").innerText(), /whole run/);
  await dashboard.close();
});

test("the charts take on a new theme at once", async () => {
  const dashboard = await stage.open({ run: "spikes", theme: "dark" });
  await dashboard.setTheme("light");
  await dashboard.settled();
  const blue = await themeColor(dashboard, "charts-blue");
  assert.deepEqual(blue, { r: 0, g: 0x63, b: 0xd3 });
  assert.ok((await pixels(dashboard, "norm", blue, 20)).length > 50);
  await dashboard.close();
});

test("the threshold is a line of its own colour in every theme, and so is its swatch", async () => {
  const dashboard = await stage.open({ run: "spikes", theme: "dark" });
  const names = {
    "high-contrast": "editorOverviewRuler-findMatchForeground",
    light: "charts-orange",
    dark: "charts-orange",
  };
  for (const [theme, name] of Object.entries(names) as [keyof typeof names, string][]) {
    await dashboard.setTheme(theme);
    await dashboard.settled();
    const orange = await themeColor(dashboard, name);
    assert.ok((await pixels(dashboard, "norm", orange)).length > 50, theme);
    const swatch = dashboard.page.locator('[data-chart="norm"] .swatch[data-color="in-force"]');
    const drawn = await swatch.evaluate((element) => {
      const context = document.createElement("canvas").getContext("2d")!;
      context.fillStyle = getComputedStyle(element).borderBlockStartColor;
      context.fillRect(0, 0, 1, 1);
      return [...context.getImageData(0, 0, 1, 1).data];
    });
    assert.deepEqual(drawn, [orange.r, orange.g, orange.b, 255], theme);
  }
  await dashboard.close();
});

test("a chart stands on the background of its panel, in every theme", async () => {
  const dashboard = await stage.open({ run: "spikes", theme: "dark" });
  for (const theme of ["light", "high-contrast", "dark"] as const) {
    await dashboard.setTheme(theme);
    await dashboard.settled();
    const found = await dashboard.page.locator("canvas:visible").evaluateAll((all) =>
      (all as HTMLCanvasElement[]).map((canvas) => {
        const { data } = canvas.getContext("2d")!.getImageData(0, 0, 1, 1);
        const panel = getComputedStyle(canvas.closest(".panel")!).backgroundColor;
        return [`rgb(${data[0]}, ${data[1]}, ${data[2]}) ${data[3]}`, `${panel} 255`];
      }),
    );
    assert.ok(found.length >= 4);
    for (const [canvas, panel] of found) assert.equal(canvas, panel);
  }
  await dashboard.close();
});
