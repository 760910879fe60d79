/** Epochs and checkpoints: on the charts, under the crosshair, in the tables and in the list of events. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DashboardPage } from "./page.ts";
import * as runs from "./runs.ts";
import { Stage } from "./stage.ts";

const stage = new Stage(async (hub) => {
  const probe = await hub.probe({ ...runs.spikes, info: { ...runs.spikes.info, id: "marked" } });
  await probe.tell();
  for (let epoch = 0; epoch < 14; epoch++) {
    await probe.epoch("adamw", epoch * 50, epoch);
    if (epoch > 0) await probe.checkpoint("adamw", epoch * 50 - 1, `/home/ada/runs/kept/epoch=${epoch - 1}.ckpt`);
  }
  await probe.note(300, "the data change here");
  await probe.end();
  const many = await hub.probe({ ...runs.spikes, info: { ...runs.spikes.info, id: "many" } });
  await many.tell();
  for (let step = 0; step < 700; step += 4)
    await Promise.all(Array.from({ length: 4 }, (_, i) => many.epoch("adamw", step + i, step + i)));
  await many.end();
  await hub.play(runs.calm);
});

const chart = ({ page }: DashboardPage, id = "norm") => page.locator(`[data-chart="${id}"]`);
/** After what was chosen has been drawn, which is before the next frame. */
async function kinds({ page }: DashboardPage): Promise<string[]> {
  await page.evaluate(() => new Promise(requestAnimationFrame));
  return page.locator(".events .kind").allInnerTexts();
}
const filter = ({ page }: DashboardPage) => page.getByLabel("Events listed");

test("the name of an epoch stands in front of the lines, with a rim around it", async () => {
  const dashboard = await stage.open({ run: "marked" });
  await dashboard.page.evaluate(() => {
    const scope = window as unknown as { drawn: string[] };
    scope.drawn = [];
    const { stroke, strokeText, fillText } = CanvasRenderingContext2D.prototype;
    const tell = (context: CanvasRenderingContext2D, what: string) => {
      if (context.canvas.closest('[data-chart="norm"]')) scope.drawn.push(what);
    };
    CanvasRenderingContext2D.prototype.stroke = function (...path: unknown[]) {
      tell(this, this.getLineDash().length === 0 && this.lineWidth > 1 ? "line" : "thin");
      Reflect.apply(stroke, this, path);
    };
    CanvasRenderingContext2D.prototype.strokeText = function (text, x, y) {
      tell(this, `rim of ${text}`);
      strokeText.call(this, text, x, y);
    };
    CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
      tell(this, text);
      fillText.call(this, text, x, y);
    };
  });
  await dashboard.resize(1000);
  const drawn = await dashboard.page.evaluate(() => (window as unknown as { drawn: string[] }).drawn);
  const last = drawn.slice(drawn.lastIndexOf("rim of Epoch 0"));
  assert.deepEqual(last.slice(0, 2), ["rim of Epoch 0", "Epoch 0"]);
  const before = drawn.slice(0, drawn.indexOf("rim of Epoch 0"));
  assert.ok(before.includes("line"), `no line before the names: ${before.join(", ")}`);
  await dashboard.close();
});

test("the crosshair says which epoch it is in, and what was saved there; so does the table", async () => {
  const dashboard = await stage.open({ run: "marked" });
  const { page } = dashboard;
  await page.getByRole("button", { name: "step 600" }).first().click();
  await page.getByText("Steps 550 to 650").waitFor();
  const surface = chart(dashboard).locator(".surface");
  const told = () => surface.getAttribute("aria-valuetext");
  await page.waitForFunction(() =>
    /Step 600: .*, Epoch 12$/.test(document.querySelector("[data-chart=norm] .surface")!.ariaValueText!),
  );
  await surface.focus();
  await page.keyboard.press("ArrowLeft");
  await page.waitForFunction(() =>
    /checkpoint/.test(document.querySelector("[data-chart=norm] .surface")!.ariaValueText!),
  );
  assert.match((await told())!, /^Step 599: .*, Epoch 11, checkpoint kept\/epoch=11\.ckpt$/);
  await dashboard.settled();
  await dashboard.screenshot("marks-crosshair");
  await page.getByRole("button", { name: "Table of Gradient norm" }).click();
  await chart(dashboard).locator("thead th", { hasText: "Checkpoint" }).waitFor();
  const head = await chart(dashboard).locator("thead th").allInnerTexts();
  assert.deepEqual(head.slice(-2), ["Epoch", "Checkpoint"]);
  const row = chart(dashboard)
    .locator("tbody tr")
    .filter({ has: page.locator("th", { hasText: /^599$/ }) });
  assert.deepEqual((await row.locator("td").allInnerTexts()).slice(-2), ["11", "kept/epoch=11.ckpt"]);
  await dashboard.close();
});

test("of more epochs than are told of a whole run, those of a window are all there", async () => {
  const dashboard = await stage.open({ run: "many" });
  const { page } = dashboard;
  const seen = (steps: string) => page.locator(".toolbar .steps", { hasText: steps }).waitFor();
  await page.getByRole("button", { name: "step 600", exact: true }).first().click();
  await seen("Steps 550 to 650");
  const told = (text: string) =>
    page.waitForFunction(
      (wanted) => document.querySelector("[data-chart=norm] .surface")!.ariaValueText!.includes(wanted),
      text,
    );
  await told(", Epoch 600");
  await chart(dashboard).locator(".surface").focus();
  await page.keyboard.press("ArrowLeft");
  await told(", Epoch 599");
  await dashboard.settled();
  await dashboard.screenshot("marks-of-window");
  const asked = () =>
    dashboard.sent.flatMap((sent) =>
      sent.type === "request" && sent.request.method === "events" ? [sent.request] : [],
    );
  assert.deepEqual(
    asked().map(({ run, from, to }) => [run, from, to]),
    [["many", 512, 768]],
  );
  await page.keyboard.press("0");
  await seen("Steps 0 to");
  await dashboard.close();
});

test("the list shows what is asked for, by keyboard too, and the same after a reload", async () => {
  const dashboard = await stage.open({ run: "marked" });
  const { page } = dashboard;
  const all = await kinds(dashboard);
  for (const kind of ["Spike", "Skipped step", "Note", "Epoch", "Checkpoint"]) assert.ok(all.includes(kind), kind);
  await filter(dashboard).selectOption("problems");
  assert.deepEqual(new Set(await kinds(dashboard)), new Set(["Spike", "Skipped step"]));
  await filter(dashboard).focus();
  await page.keyboard.press("ArrowDown");
  assert.deepEqual(await kinds(dashboard), ["Note"]);
  await page.keyboard.press("ArrowDown");
  assert.deepEqual(new Set(await kinds(dashboard)), new Set(["Epoch", "Checkpoint"]));
  await page.reload();
  await dashboard.drawn();
  assert.equal(await filter(dashboard).inputValue(), "marks");
  assert.deepEqual(new Set(await kinds(dashboard)), new Set(["Epoch", "Checkpoint"]));
  await dashboard.post({ type: "show", run: "calm" });
  await page.getByText("No epochs or checkpoints.").waitFor();
  assert.equal(await filter(dashboard).isVisible(), true);
  await filter(dashboard).selectOption("notes");
  await page.getByText("No notes.").waitFor();
  await dashboard.close();
});

test("who moves about has no name or note measured again", async () => {
  const dashboard = await stage.open({ run: "marked" });
  const { page } = dashboard;
  await dashboard.settled();
  const measured = await page.evaluateHandle(() => {
    const texts: string[] = [];
    const measure = CanvasRenderingContext2D.prototype.measureText;
    CanvasRenderingContext2D.prototype.measureText = function (text) {
      texts.push(text);
      return measure.call(this, text);
    };
    return texts;
  });
  await chart(dashboard).locator(".surface").focus();
  await page.keyboard.press("+");
  await page.locator(".toolbar .steps", { hasNotText: "Steps 0 to" }).waitFor();
  await dashboard.settled();
  const texts = await measured.jsonValue();
  assert.ok(texts.length > 0, "nothing was drawn");
  assert.deepEqual(
    texts.filter((text) => /Epoch|data/.test(text)),
    [],
  );
  await dashboard.close();
});
