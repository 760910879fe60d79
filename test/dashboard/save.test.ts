/** A chart's menu: its picture to the clipboard, its picture and its numbers to the extension, which asks where to. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { decodeFrame } from "../../protocol/frame.ts";
import type { HubRelay } from "./hub.ts";
import { type DashboardPage, type Saved, SCREENSHOTS } from "./page.ts";
import * as runs from "./runs.ts";
import { Stage } from "./stage.ts";

const stage = new Stage(async (hub) => {
  await hub.play(runs.spikes);
  await hub.play(runs.layered);
  await hub.play(runs.groups);
  await hub.play(runs.hostile);
});

const table = ({ bytes }: Saved) =>
  new TextDecoder()
    .decode(bytes)
    .trim()
    .split("\r\n")
    .map((line) => line.split(","));

/**
 * How far an SVG picture is from the PNG of the same chart: the share of squares of 4 × 4 pixels whose mean differs by
 * more than an eighth in a channel, so that neither smoothing nor half a pixel counts.
 */
async function distance({ page }: DashboardPage, svg: Saved, png: Saved): Promise<number> {
  const blank = await page.context().newPage(); // the dashboard's own page may load no picture
  const files = [svg, png].map(({ bytes }) => Buffer.from(bytes).toString("base64"));
  const distant = await blank.evaluate(async ([vector, raster]) => {
    const pictures = [];
    for (const address of [`data:image/svg+xml;base64,${vector}`, `data:image/png;base64,${raster}`]) {
      const image = new Image();
      image.src = address;
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height);
      const context = canvas.getContext("2d")!;
      context.drawImage(image, 0, 0);
      pictures.push(context.getImageData(0, 0, image.width, image.height));
    }
    const [a, b] = pictures as [ImageData, ImageData];
    if (a.width !== b.width || a.height !== b.height)
      throw new Error(`${a.width} × ${a.height}, ${b.width} × ${b.height}`);
    let squares = 0;
    let different = 0;
    for (let y = 0; y + 4 <= a.height; y += 4)
      for (let x = 0; x + 4 <= a.width; x += 4) {
        const sums = [0, 0, 0, 0];
        for (let i = 0; i < 16; i++) {
          const at = ((y + (i >> 2)) * a.width + x + (i & 3)) * 4;
          for (let channel = 0; channel < 4; channel++) sums[channel]! += a.data[at + channel]! - b.data[at + channel]!;
        }
        squares++;
        if (sums.some((sum) => Math.abs(sum) > 16 * 32)) different++;
      }
    return different / squares;
  }, files);
  await blank.close();
  return distant;
}

/** The texts of an SVG file, in order, and the names of all its elements. */
async function read({ page }: DashboardPage, { bytes }: Saved) {
  return page.evaluate((text) => {
    const file = new DOMParser().parseFromString(text, "image/svg+xml");
    const all = [...file.querySelectorAll("*")];
    return {
      texts: [...file.querySelectorAll('text:not([fill="none"])')].map((node) => node.textContent),
      tags: [...new Set(all.map((node) => node.tagName))].sort(),
      attributes: [...new Set(all.flatMap((node) => node.getAttributeNames()))],
    };
  }, new TextDecoder().decode(bytes));
}

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
  const file = await dashboard.saved("Gradient norm", "Save numbers (CSV)…");
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
  const [, ...norms] = table(await dashboard.saved("Distribution of the norms", "Save numbers (CSV)…"));
  const told = runs.layered.series[0]!.steps.map(({ norm }) => norm).sort((a, b) => a - b);
  assert.deepEqual(
    norms.flatMap(([norm, steps]) => Array<number>(Number(steps)).fill(Number(norm))),
    told,
  );
  const [, ...cells] = table(await dashboard.saved("Gradient norms of the layers", "Save numbers (CSV)…"));
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
    const file = await dashboard.saved(title, "Save picture (PNG)…");
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

for (const theme of ["dark", "high-contrast-light"] as const)
  test(`a picture of lines and text shows what the canvas shows (${theme})`, async () => {
    const dashboard = await stage.open({ run: "layered", theme });
    await dashboard.page.locator('[data-chart="layers"] canvas[aria-label]').waitFor();
    const titles = ["Gradient norm", "Loss", "Clip rate", "Distribution of the norms", "Gradient norms of the layers"];
    for (const title of titles) {
      const svg = await dashboard.saved(title, "Save picture (SVG)…");
      const png = await dashboard.saved(title, "Save picture (PNG)…");
      assert.deepEqual([svg.name, svg.kind], [`deep.py ${title}`, "svg"]);
      writeFileSync(`${SCREENSHOTS}saved-${theme}-${title.toLowerCase().replaceAll(" ", "-")}.svg`, svg.bytes);
      const distant = await distance(dashboard, svg, png);
      assert.ok(distant < 0.0005, `${title}: ${distant}`);
      const { texts, tags } = await read(dashboard, svg);
      assert.equal(texts[0], title);
      assert.ok(texts.length > 5, texts.join());
      assert.equal(tags.includes("image"), title === "Gradient norms of the layers");
    }
    await dashboard.close();
  });

for (const [run, title] of [
  ["spikes", "Gradient norm"],
  ["groups", "Learning rate"],
] as const)
  test(`marks, levels and steps come into the vector picture, too (${run})`, async () => {
    const dashboard = await stage.open({ run });
    const svg = await dashboard.saved(title, "Save picture (SVG)…");
    const distant = await distance(dashboard, svg, await dashboard.saved(title, "Save picture (PNG)…"));
    assert.ok(distant < 0.0005, `${distant}`);
    await dashboard.close();
  });

test("what the script noted of a step stands at it in every chart over the steps, and is told", async () => {
  const probe = await stage.probe({ ...runs.calm, info: { ...runs.calm.info, id: "noted" } });
  await probe.tell();
  for (let epoch = 0; epoch < 40; epoch++) await probe.note(epoch * 30, `epoch ${epoch}`);
  await probe.note(615, "a note that is far longer than what there is room for in a chart\nand has a second line");
  await probe.end();
  const dashboard = await stage.open({ run: "noted" });
  await dashboard.page.getByText("epoch 39").waitFor();
  for (const title of ["Gradient norm", "Loss"]) {
    const svg = await dashboard.saved(title, "Save picture (SVG)…");
    const { texts } = await read(dashboard, svg);
    const shown = texts.filter((text) => text?.startsWith("epoch "));
    assert.ok(shown.length > 3 && shown.length < 40, shown.join());
    assert.equal(shown[0], "epoch 0");
    assert.ok(!texts.some((text) => text?.includes("second line")));
    const distant = await distance(dashboard, svg, await dashboard.saved(title, "Save picture (PNG)…"));
    assert.ok(distant < 0.0005, `${title}: ${distant}`);
  }
  const norm = dashboard.page.locator('[data-chart="norm"] canvas');
  assert.match((await norm.getAttribute("aria-label"))!, / 41 notes\./);
  await dashboard.screenshot("notes");
  await dashboard.close();
});

test("epochs and checkpoints stand at their steps in every chart over the steps, and are told", async () => {
  const probe = await stage.probe({ ...runs.spikes, info: { ...runs.spikes.info, id: "marked" } });
  await probe.tell();
  for (let epoch = 0; epoch < 14; epoch++) {
    await probe.epoch("adamw", epoch * 50, epoch);
    if (epoch > 0) await probe.checkpoint("adamw", epoch * 50 - 1, `/home/ada/runs/kept/epoch=${epoch - 1}.ckpt`);
  }
  await probe.note(300, "the data change here");
  await probe.end();
  const dashboard = await stage.open({ run: "marked" });
  await dashboard.page.getByText("Epoch 13 begins.").waitFor();
  for (const title of ["Gradient norm", "Loss"]) {
    const svg = await dashboard.saved(title, "Save picture (SVG)…");
    const { texts } = await read(dashboard, svg);
    const names = texts.filter((text) => text?.startsWith("Epoch "));
    assert.ok(names.length > 2, names.join());
    assert.equal(names[0], "Epoch 0");
    const distant = await distance(dashboard, svg, await dashboard.saved(title, "Save picture (PNG)…"));
    assert.ok(distant < 0.0005, `${title}: ${distant}`);
  }
  const norm = dashboard.page.locator('[data-chart="norm"] canvas');
  assert.match((await norm.getAttribute("aria-label"))!, / 1 note\. Epochs 0 to 13 begin\. 13 checkpoints\.$/);
  await dashboard.screenshot("marks");
  await dashboard.close();
});

test("a run's name is text in a vector picture, whatever is in it", async () => {
  const dashboard = await stage.open({ run: "hostile" });
  const file = await dashboard.saved("Gradient norm", "Save picture (SVG)…");
  const { texts, tags, attributes } = await read(dashboard, file);
  assert.ok(texts[1]!.startsWith(runs.HOSTILE_NAME), texts[1]!);
  assert.deepEqual(tags, ["clipPath", "g", "path", "svg", "text"]);
  assert.ok(!attributes.some((name) => name.startsWith("on")));
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
