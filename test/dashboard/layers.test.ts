/** The heat map of the layers: what stands where, and how to get from it to one layer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pixels, type Rgb, themeColor } from "./canvas.ts";
import type { DashboardPage } from "./page.ts";
import * as runs from "./runs.ts";
import { Stage } from "./stage.ts";

const stage = new Stage(async (hub) => {
  await hub.play(runs.layered);
  await hub.play(runs.manyLayers);
  await hub.play(runs.spikes);
});

const surface = ({ page }: DashboardPage) => page.locator('[data-chart="layers"] .surface');
const cell = async (dashboard: DashboardPage) => (await surface(dashboard).getAttribute("aria-valuetext"))!;
const note = ({ page }: DashboardPage, text: string | RegExp) =>
  page.locator('[data-chart="layers"] header').getByText(text).waitFor();

/** What the run told of a layer at a step of its trace. */
function told(layer: number, step: number): number {
  const [{ steps, layers }] = runs.layered.series as [(typeof runs.layered.series)[number]];
  return layers!.norm(layer, steps.find((one) => one.step === step)!);
}

async function opened(run: string): Promise<DashboardPage> {
  const dashboard = await stage.open({ run });
  await dashboard.page.locator('[data-chart="layers"] canvas[aria-label]').waitFor();
  await dashboard.settled();
  return dashboard;
}

/** Where a row begins, and how high each is, in pixels of the canvas: the first column of cells tells. */
async function rowsAt({ page }: DashboardPage, rows: number): Promise<{ left: number; top: number; height: number }> {
  return page.locator('[data-chart="layers"] canvas').evaluate((canvas: HTMLCanvasElement, of) => {
    const left = Math.min(170, canvas.clientWidth * 0.24);
    const { data } = canvas.getContext("2d")!.getImageData(left + 20, 0, 1, canvas.height);
    const isPaper = (y: number) => [0, 1, 2].every((part) => data[y * 4 + part] === data[part]);
    const painted = [...Array(canvas.height).keys()].filter((y) => !isPaper(y));
    const end = painted.findIndex((y, i) => painted[i + 1] !== y + 1);
    return { left, top: painted[0]!, height: (painted[end]! - painted[0]!) / of };
  }, rows);
}

/** The colour in a row at a step, and null where nothing is painted. */
async function colorAt(dashboard: DashboardPage, row: number, step: number): Promise<Rgb | null> {
  const { left, top, height } = await rowsAt(dashboard, runs.LAYERS.length);
  return dashboard.page.locator('[data-chart="layers"] canvas').evaluate(
    (canvas: HTMLCanvasElement, [from, share, y]) => {
      const x = from + share * (canvas.width - from - 8);
      const pixel = (...at: [number, number]) => [...canvas.getContext("2d")!.getImageData(...at, 1, 1).data];
      const [paper, found] = [pixel(0, 0), pixel(x, y)];
      return found.every((value, i) => value === paper[i]) ? null : { r: found[0]!, g: found[1]!, b: found[2]! };
    },
    [left, (step + 2) / 699, top + (row + 0.2) * height] as const,
  );
}
const lightness = ({ r, g, b }: Rgb) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

test("large norms are light on dark paper, NaN is its own colour, and what never came is a gap", async () => {
  const dashboard = await opened("layered");
  const rows = runs.LAYERS.length;
  const [first, last] = [await colorAt(dashboard, 0, 200), await colorAt(dashboard, rows - 1, 200)];
  assert.ok(lightness(last!) > 2 * lightness(first!), `${lightness(last!)} and ${lightness(first!)}`);
  assert.equal(await colorAt(dashboard, 0, 350), null);
  assert.deepEqual(await colorAt(dashboard, 15, 610), await themeColor(dashboard, "charts-red"));
  assert.ok((await pixels(dashboard, "layers", await themeColor(dashboard, "charts-red"))).length > 20);
  // VS Code's lines of charts let half of the paper through.
  const [line, paper] = [
    await themeColor(dashboard, "charts-lines"),
    await themeColor(dashboard, "sideBar-background"),
  ];
  const grey = (line.r + paper.r) / 2;
  assert.deepEqual(
    await colorAt(dashboard, 8, 100),
    { r: grey, g: grey, b: grey },
    "of a norm of 0, as of nothing else",
  );
  await dashboard.close();
});

test("the words name the largest, the smallest, and those that went bad", async () => {
  const dashboard = await opened("layered");
  const label = (await dashboard.page.locator('[data-chart="layers"] canvas').getAttribute("aria-label"))!;
  assert.match(label, /^Gradient norms of the layers, Steps 0 to 699\. Step 695: the largest are head\.weight \(/);
  assert.match(label, /NaN or infinite in these steps: blocks\.3\.mlp\.weight\. /);
  assert.match(label, /Exactly 0 at the last sample: blocks\.1\.mlp\.bias\.$/);
  const at695 = runs.LAYERS.map((name, layer) => ({ name, norm: told(layer, 695) })).filter(({ norm }) => norm > 0);
  const smallest = at695.sort((a, b) => a.norm - b.norm)[0]!.name;
  assert.ok(label.includes(`the smallest ${smallest} (`));
  await dashboard.close();
});

test("keys move from cell to cell and say each; Enter opens the layer's series, and once more closes it", async () => {
  const dashboard = await opened("layered");
  const { keyboard } = dashboard.page;
  await surface(dashboard).focus();
  await keyboard.press("Home");
  assert.match(await cell(dashboard), /^embed\.weight, Step 0: /);
  for (let i = 0; i < 3; i++) await keyboard.press("ArrowDown");
  for (let i = 0; i < 2; i++) await keyboard.press("ArrowRight");
  const [, name, step, value] = /^(.*), Step (\d+): (.*)$/.exec(await cell(dashboard))!;
  assert.deepEqual([name, step], [runs.LAYERS[3], "10"]);
  assert.ok(Math.abs(Number(value) / told(3, 10) - 1) < 0.005, `${value} for ${told(3, 10)}`);
  await keyboard.press("Enter");
  await dashboard.page.getByRole("heading", { name: name! }).waitFor();
  await dashboard.page.getByRole("button", { name: `Table of ${name}` }).click();
  const row = dashboard.page.locator('[data-chart="layer"] tbody tr').nth(2);
  assert.match(await row.innerText(), new RegExp(`^10\\s+${value!.replace(".", "\\.")}\\s`));
  await dashboard.page.reload();
  await dashboard.page.getByRole("heading", { name: name! }).waitFor();
  await dashboard.page.getByRole("button", { name: `Close ${name}` }).click();
  await dashboard.page.getByRole("heading", { name: name! }).waitFor({ state: "detached" });
  await keyboard.press("Escape");
  await dashboard.close();
});

test("names that are too long are cut so that they can be told apart, and are in the picture whole", async () => {
  const [series] = runs.layered.series;
  const names = runs.LAYERS.map((name) => `network.transformer.decoder.${name}.of_a_low_rank_adapter.default`);
  await stage.hub.play({
    info: { ...runs.layered.info, id: "long-names" },
    series: [{ ...series!, layers: { ...series!.layers!, names } }],
  });
  const dashboard = await opened("long-names");
  await dashboard.page.evaluate(() => {
    const scope = window as unknown as { cut: { text: string; left: number }[] };
    scope.cut = [];
    const fillText = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
      if (text.startsWith("…")) scope.cut.push({ text, left: x - this.measureText(text).width });
      fillText.call(this, text, x, y);
    };
  });
  await dashboard.resize(700);
  const cut = await dashboard.page.evaluate(() => (window as unknown as { cut: { text: string; left: number }[] }).cut);
  const [last] = [cut.slice(cut.findLastIndex(({ text }) => text.includes("embed")))];
  assert.ok(last!.length > 10, `${last!.length} names`);
  assert.equal(new Set(last!.map(({ text }) => text)).size, last!.length, last!.map(({ text }) => text).join(" "));
  for (const { text, left } of cut) assert.ok(left >= 0, `${text} begins at ${left}`);
  await dashboard.close();
});

test("a layer leads to its code: by its button, by Shift and Enter, by a double click on its name", async () => {
  const dashboard = await opened("layered");
  const { page } = dashboard;
  const revealed = async (count: number) => {
    const reveals = () => dashboard.sent.filter(({ type }) => type === "reveal");
    while (reveals().length < count) await page.waitForTimeout(20);
    return reveals().at(-1);
  };
  const { top, height } = await rowsAt(dashboard, runs.LAYERS.length);
  const heatMap = surface(dashboard).first(); // a layer's own chart has one, too
  const toEmbedding = { type: "reveal", location: { ...runs.EMBEDDING.assignment, cell: null } };
  await heatMap.focus();
  await page.keyboard.press("Shift+Enter");
  assert.deepEqual(await revealed(1), toEmbedding);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.locator(".picked").getByRole("button", { name: "Go to code" }).click();
  assert.deepEqual(await revealed(2), { type: "reveal", location: { ...runs.HEAD.definition, cell: null } });
  await heatMap.dblclick({ position: { x: 8, y: top + height / 2 } });
  assert.deepEqual(await revealed(3), toEmbedding);

  await heatMap.focus();
  await page.keyboard.press("End");
  for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: `Close ${runs.LAYERS[3]}` }).waitFor();
  await dashboard.settled();
  assert.equal(await page.locator(".picked").getByRole("button", { name: "Go to code" }).isVisible(), false);
  await dashboard.close();
});

test("of 2,000 layers the modules are shown, and open to their layers; the way back is kept", async () => {
  const dashboard = await opened("many-layers");
  await note(dashboard, "2,000 layers by module");
  await surface(dashboard).scrollIntoViewIfNeeded();
  const box = (await surface(dashboard).boundingBox())!;
  const { top, height } = await rowsAt(dashboard, 50);
  await dashboard.page.mouse.click(box.x + box.width / 2, box.y + top + 30.5 * height);
  await note(dashboard, "40 layers");
  const path = dashboard.page.getByRole("navigation", { name: "Module shown" });
  await path.getByText("model.blocks.30").waitFor();
  await dashboard.page.getByRole("button", { name: "Table of the gradient norms of the layers" }).click();
  const rows = dashboard.page.locator('[data-chart="layers"] .table tbody tr');
  await rows.nth(39).waitFor();
  assert.equal(await rows.count(), 40);
  const spike = rows.filter({ hasText: runs.MANY[1234]! });
  assert.equal((await spike.locator("td").allInnerTexts())[2], "10,000");
  await dashboard.page.reload();
  await note(dashboard, "40 layers");
  await surface(dashboard).focus();
  await dashboard.page.keyboard.press("Backspace");
  await note(dashboard, "2,000 layers by module");
  await dashboard.page.keyboard.press("ArrowDown");
  await dashboard.page.keyboard.press("Enter");
  await note(dashboard, "40 layers");
  await path.getByRole("button", { name: "All layers" }).click();
  await note(dashboard, "2,000 layers by module");
  await dashboard.close();
});

test("steps, zoom and crosshair are those of all charts", async () => {
  const dashboard = await opened("layered");
  await surface(dashboard).scrollIntoViewIfNeeded();
  const box = (await surface(dashboard).boundingBox())!;
  const { mouse, page } = { mouse: dashboard.page.mouse, page: dashboard.page };
  await mouse.move(box.x + box.width * 0.8, box.y + 60);
  const step = Number(await surface(dashboard).getAttribute("aria-valuenow"));
  assert.ok(step > 450 && step < 650);
  assert.equal(Number(await page.locator('[data-chart="norm"] .surface').getAttribute("aria-valuenow")), step);
  await mouse.down();
  await mouse.move(box.x + box.width * 0.95, box.y + 60, { steps: 3 });
  await mouse.up();
  await page.getByText(/^Steps \d+ to \d+$/).waitFor();
  const [, from, to] = /^Steps (\d+) to (\d+)$/.exec(await page.locator(".toolbar .steps").innerText())!;
  await page.waitForFunction(
    ([low, high]) => {
      const shown = document.querySelector('[data-chart="layers"] .surface')!;
      return shown.getAttribute("aria-valuemin") === low && shown.getAttribute("aria-valuemax") === high;
    },
    [from, to],
  );
  assert.equal(await page.locator('[data-chart="layer"]').count(), 0, "a drag opens no layer");
  await dashboard.close();
});

test("a live run's layers are followed, and a run without any is not asked for them", async () => {
  const probe = await stage.probe({ ...runs.layered, info: { ...runs.layered.info, id: "live" } });
  await probe.tell(100);
  const dashboard = await opened("live");
  await probe.tell(200);
  await dashboard.page.waitForFunction(() =>
    /Steps 0 to 199/.test(document.querySelector('[data-chart="layers"] canvas')?.getAttribute("aria-label") ?? ""),
  );
  await dashboard.close();
  const without = await stage.open({ run: "spikes" });
  await without.settled();
  assert.equal(await without.page.locator('[data-chart="layers"]').isVisible(), false);
  assert.ok(
    without
      .requests("layers")
      .every(
        (asked) => asked.type === "request" && asked.request.method === "layers" && asked.request.run !== "spikes",
      ),
  );
  await without.close();
});
