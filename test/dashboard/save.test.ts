/** A chart's menu: its picture to the clipboard, its picture and its numbers to the extension, which asks where to. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { decodeFrame } from "../../protocol/frame.ts";
import type { FromDashboard } from "../../protocol/webview.ts";
import type { HubRelay } from "./hub.ts";
import { type DashboardPage, SCREENSHOTS } from "./page.ts";
import * as runs from "./runs.ts";
import { Stage } from "./stage.ts";

const stage = new Stage(async (hub) => {
  await hub.play(runs.spikes);
  await hub.play(runs.layered);
});

type Saved = Extract<FromDashboard, { type: "save" }>;

/** Chooses an item of a chart's menu; gives what was sent for it. */
async function saved(dashboard: DashboardPage, title: string, item: string): Promise<Saved> {
  const before = dashboard.sent.length;
  await dashboard.page.getByRole("button", { name: `Copy or save ${title}`, exact: true }).click();
  await dashboard.page.getByRole("menuitem", { name: item }).click();
  for (;;) {
    const found = dashboard.sent.slice(before).find((message) => message.type === "save");
    if (found) return { ...found, bytes: Uint8Array.from(found.bytes) };
    await dashboard.settled();
  }
}

const table = ({ bytes }: Saved) =>
  new TextDecoder()
    .decode(bytes)
    .trim()
    .split("\r\n")
    .map((line) => line.split(","));

/** What is in a picture, by the browser itself. */
async function lookAt({ page }: DashboardPage, { bytes }: Saved) {
  return page.evaluate(
    async (data) => {
      const bitmap = await createImageBitmap(new Blob([Uint8Array.from(data)], { type: "image/png" }));
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const context = canvas.getContext("2d")!;
      context.drawImage(bitmap, 0, 0);
      const pixels = context.getImageData(0, 0, bitmap.width, bitmap.height).data;
      const colors = new Map<string, number>();
      for (let i = 0; i < pixels.length; i += 4) {
        const color = pixels.slice(i, i + 4).join();
        colors.set(color, (colors.get(color) ?? 0) + 1);
      }
      return { width: bitmap.width, height: bitmap.height, colors: Object.fromEntries(colors) };
    },
    [...bytes],
  );
}

test("the numbers of a chart are those of its tile, in full", async () => {
  const dashboard = await stage.open({ run: "spikes" });
  const file = await saved(dashboard, "Gradient norm", "Save numbers (CSV)…");
  assert.deepEqual([file.name, file.kind], ["train.py Gradient norm", "csv"]);
  const { columns } = decodeFrame((stage.lastRelay as HubRelay).tiles.at(-1)!);
  const [head, ...rows] = table(file);
  assert.deepEqual(head!.slice(0, 5), ["from", "to", "norm_pre.min", "norm_pre.mean", "norm_pre.max"]);
  assert.equal(rows.length, columns.from!.data.length);
  for (const [i, row] of rows.entries())
    for (const [j, name] of head!.entries())
      assert.equal(Number(row[j]), Number(columns[name]!.data[i]), `${name} ${i}`);
  await dashboard.close();
});

test("the numbers of the distribution are all norms, those of the heat map all layers", async () => {
  const dashboard = await stage.open({ run: "layered" });
  await dashboard.page.locator('[data-chart="layers"] canvas[aria-label]').waitFor();
  const [, ...norms] = table(await saved(dashboard, "Distribution of the norms", "Save numbers (CSV)…"));
  const told = runs.layered.series[0]!.steps.map(({ norm }) => norm).sort((a, b) => a - b);
  assert.deepEqual(
    norms.flatMap(([norm, steps]) => Array<number>(Number(steps)).fill(Number(norm))),
    told,
  );
  const [, ...cells] = table(await saved(dashboard, "Gradient norms of the layers", "Save numbers (CSV)…"));
  const { layers, steps } = runs.layered.series[0]!;
  const embed = cells.find(([layer, from]) => layer === "embed.weight" && from === "100")!;
  const trace = steps.find(({ step }) => step === 100)!;
  assert.equal(Number(embed[4]), Math.fround(layers!.norm(0, trace)));
  assert.equal(new Set(cells.map(([layer]) => layer)).size, runs.LAYERS.length);
  await dashboard.close();
});

test("a picture has the chart's lines on the theme's paper, and is as wide as the chart", async () => {
  const dashboard = await stage.open({ run: "layered", theme: "light" });
  await dashboard.page.locator('[data-chart="layers"] canvas[aria-label]').waitFor();
  for (const title of ["Gradient norm", "Loss", "Distribution of the norms", "Gradient norms of the layers"]) {
    const file = await saved(dashboard, title, "Save picture (PNG)…");
    const { width, height, colors } = await lookAt(dashboard, file);
    mkdirSync(SCREENSHOTS, { recursive: true });
    writeFileSync(`${SCREENSHOTS}saved-${title.toLowerCase().replaceAll(" ", "-")}.png`, file.bytes);
    assert.ok(width > 400 && height > 200, `${width} × ${height}`);
    assert.ok(colors["248,248,248,255"]! > width * height * 0.1, "the paper");
    assert.equal(Object.keys(colors).filter((color) => !color.endsWith(",255")).length, 0, "nothing shines through");
    assert.ok(Object.keys(colors).length > 20);
  }
  await dashboard.close();
});

test("a picture is copied, which is said; and the menu is the keyboard's too", async () => {
  const dashboard = await stage.open({ run: "spikes" });
  const { page } = dashboard;
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const button = page.getByRole("button", { name: "Copy or save Loss" });
  await button.focus();
  await page.keyboard.press("ArrowDown");
  const focused = () => page.evaluate(() => document.activeElement?.textContent);
  assert.equal(await focused(), "Copy picture");
  await page.keyboard.press("End");
  assert.equal(await focused(), "Save numbers (CSV)…");
  await page.keyboard.press("ArrowDown");
  assert.equal(await focused(), "Copy picture");
  await page.keyboard.press("Escape");
  assert.equal(await button.getAttribute("aria-expanded"), "false");
  assert.ok(await button.evaluate((node) => node === document.activeElement));
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await page.locator('[data-chart="loss"]').getByRole("status").getByText("Copied").waitFor();
  const types = await page.evaluate(async () => (await navigator.clipboard.read()).flatMap((item) => item.types));
  assert.ok(types.includes("image/png"), types.join());
  await button.click();
  await page.getByRole("heading", { name: "Events" }).click();
  await page.getByRole("menu").waitFor({ state: "hidden" });
  assert.deepEqual(dashboard.complaints, []);
  await dashboard.close();
});
