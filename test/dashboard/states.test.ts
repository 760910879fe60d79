/**
 * Every state of the dashboard in every theme and in a narrow panel: nothing for the browser to complain about, nothing
 * serious for axe to find, and a screenshot under out/dashboard/ to look at.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import type { AxeResults } from "axe-core";
import type { DashboardPage, Relay } from "./page.ts";
import * as runs from "./runs.ts";
import { Stage } from "./stage.ts";
import type { ThemeName } from "./themes.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const stage = new Stage(async (hub) => {
  await hub.play(runs.calm);
  await hub.play(runs.converged);
  for (const run of runs.sweep) await hub.play(run, { status: "finished" });
  await hub.play(runs.unclipped);
  await hub.play(runs.gan);
  await hub.play(runs.noScript, { status: "interrupted" });
  await hub.play(runs.nonFinite, { status: "failed", error: runs.TRACEBACK, story: runs.STORY });
  await hub.play(runs.endedEarly, { status: "failed", error: "ValueError: invalid literal for float(): oops\n" });
  await hub.play(runs.failedOtherwise, { status: "failed", error: "KeyError: 'val_loss'\n", story: runs.ENDED });
  await hub.play(runs.troubled, { status: "finished" });
  await hub.play(runs.hostile);
  await hub.play(runs.groups, { status: "finished" });
  await hub.play(runs.layered);
  await hub.play(runs.manyLayers);
  await hub.play(runs.spiky);
  await hub.play(runs.unseen);
  await hub.play(runs.allNaN);
  await hub.play(runs.allZero);
  await (await stage.probe(runs.spikes)).tell();
  await (await stage.probe(runs.controlled)).tell();
  await (await stage.probe(runs.loose)).tell();
  await (await stage.probe(runs.uncontrollable)).tell();
  await (await stage.probe(runs.paused)).tell();
  await (await stage.probe(runs.early)).tell();
  await stage.probe(runs.waiting);
  const [killed, resumed] = runs.restarted;
  const probe = await stage.probe(killed!);
  await probe.tell();
  probe.close();
  await (await stage.probe(resumed!)).tell();
  for (const rank of [0, 1, 2, 3]) {
    const probe = await stage.probe(runs.sharded(rank));
    await probe.tell();
    if (rank === 2) probe.close();
  }
});

/** A hub that says one thing about itself and nothing else. */
const silent = (state: "starting" | "connected" | "disconnected" | "unavailable", reason: string | null): Relay => ({
  open: (post) => post({ type: "hub", state, reason }),
  send: () => {},
  close: () => {},
});

/** A hub that has nothing yet, or that can't read what it has. */
const answering = (answer: object): Relay => {
  let post: Parameters<Relay["open"]>[0] = () => {};
  return {
    open(given) {
      post = given;
      post({ type: "hub", state: "connected", reason: null });
    },
    send: ({ id }) => post({ type: "message", message: { id, ...answer } }),
    close: () => {},
  };
};

interface State {
  readonly run?: string;
  readonly relay?: () => Relay;
  /** Brings the page into the state, and waits until it is. */
  readonly arrange?: (page: DashboardPage) => Promise<void>;
  /** What is to be seen in each look: a selector. */
  readonly seen?: string;
}

const placeholder =
  (kind: string) =>
  ({ page }: DashboardPage) =>
    page.locator(`.placeholder[data-kind="${kind}"]`).waitFor();

/** Chooses other runs by name; the list stays open. */
async function compareWith(page: DashboardPage["page"], names: readonly string[]): Promise<void> {
  await page.locator("#others").focus();
  for (const name of names) {
    await page.keyboard.type(name);
    await page.keyboard.press("Enter");
    await page.locator('[data-chart="norm"] .legend').getByText(name, { exact: true }).waitFor();
  }
}

const STATES: Record<string, State> = {
  starting: { relay: () => silent("starting", null), arrange: placeholder("starting") },
  loading: { relay: () => silent("connected", null), arrange: placeholder("loading") },
  empty: { relay: () => answering({ ok: { runs: [] } }), arrange: placeholder("empty") },
  failed: {
    relay: () => answering({ err: { code: "store", message: "The database is locked by another program." } }),
    arrange: placeholder("failed"),
  },
  unavailable: {
    relay: () =>
      silent("unavailable", "This VS Code has no SQLite. Update VS Code to 1.103 or later to record and show runs."),
    arrange: placeholder("unavailable"),
  },
  disconnected: { relay: () => silent("disconnected", null), arrange: placeholder("disconnected") },
  "no-steps": {
    arrange: async (dashboard) => {
      await dashboard.post({ type: "show", run: "waiting" });
      await placeholder("no-steps")(dashboard);
    },
  },
  "ended-early": {
    arrange: async (dashboard) => {
      await dashboard.post({ type: "show", run: "ended-early" });
      await placeholder("ended-early")(dashboard);
      await dashboard.page.locator(".status pre").getByText("ValueError: invalid literal").waitFor();
    },
  },
  unseen: {
    arrange: async (dashboard) => {
      await dashboard.post({ type: "show", run: "unseen" });
      await placeholder("unseen")(dashboard);
    },
  },
  "all-nan": {
    run: "all-nan",
    arrange: async ({ page }) => {
      await page.getByText("it is not known of any step").waitFor();
      assert.ok(await page.locator(".suggestion .badge").isHidden());
    },
  },
  "all-zero": {
    run: "all-zero",
    arrange: async ({ page }) => {
      await page.getByText("Too few steps have a gradient norm that counts").waitFor();
      await page.locator('.diagnoses li[data-kind="no-gradient"]').getByText("1,200 updates in a row").waitFor();
    },
  },
  "too-few-steps": { run: "early" },
  running: { run: "spikes" },
  "run-failed": {
    run: "non-finite",
    arrange: async ({ page }) => {
      await page.locator(".status summary").click();
      await page.locator(".status pre").waitFor();
    },
  },
  story: { run: "non-finite", arrange: ({ page }) => page.getByText("What to change").waitFor() },
  "failed-otherwise": {
    run: "failed-otherwise",
    arrange: async ({ page }) => {
      const steps = page.locator(".story").getByRole("rowheader", { name: "1,199", exact: true });
      await page.getByText("No step was non-finite, and none exploded.").waitFor();
      assert.ok(await steps.isHidden());
      await page.getByText("Show the last steps").click();
      await steps.waitFor();
      await page.getByText("Show the last steps").click();
    },
  },
  suggestion: { run: "unclipped" },
  "clip-kind": {
    run: "unclipped",
    arrange: async ({ page }) => {
      await page.locator("#clip-kind").focus();
      await page.keyboard.type("each unit");
      await page.keyboard.press("Enter");
    },
  },
  "clip-kind-instead": {
    run: "spikes",
    arrange: async ({ page }) => {
      await page.locator("#clip-kind").focus();
      await page.keyboard.type("by the norms");
      await page.keyboard.press("Enter");
    },
  },
  "clip-kind-sudden": {
    run: "non-finite",
    arrange: async ({ page }) => {
      await page.locator("#clip-kind").focus();
      await page.keyboard.type("each component");
      await page.keyboard.press("Enter");
    },
  },
  diagnoses: {
    run: "troubled",
    arrange: async ({ page }) => {
      await page.locator('.diagnoses li[data-kind="dead"]').getByText("gate.weight").waitFor();
      await page.locator('.diagnoses li[data-kind="hot-learning-rate"]').scrollIntoViewIfNeeded();
    },
  },
  "bad-batch": {
    run: "spikes",
    arrange: ({ page }) => page.locator('.diagnoses li[data-kind="bad-batch"]').getByText("step 600").first().waitFor(),
  },
  "not-needed": { run: "calm" },
  converged: {
    run: "converged",
    arrange: async ({ page }) => {
      await page.getByText("its norms tell no threshold for a new run").waitFor();
      assert.ok(await page.locator(".suggestion .threshold").isHidden());
      await page.getByRole("button", { name: /^Write .* to code anyway$/ }).waitFor();
    },
  },
  series: {
    run: "gan",
    arrange: ({ page }) => page.locator("#series").click(),
  },
  restarted: {
    run: "restarted",
    arrange: ({ page }) => page.getByText("Attempt 2 goes on at step 350").waitFor(),
  },
  "rank-lost": {
    run: "sharded",
    arrange: ({ page }) => page.getByText("Rank 2 was lost at step 149").waitFor(),
  },
  "one-rank": {
    run: "sharded",
    arrange: async ({ page }) => {
      await page.getByRole("button", { name: "Show the charts of rank 1" }).click();
      await page.locator('[data-chart="norm"] .legend').getByText("Share of this rank").waitFor();
    },
  },
  "parameter-groups": {
    run: "groups",
    arrange: ({ page }) => page.locator('[data-chart="learning-rate"]').scrollIntoViewIfNeeded(),
  },
  "no-script": { run: "no-script" },
  hostile: { run: "hostile" },
  picker: {
    run: "unclipped",
    arrange: ({ page }) => page.locator("#run").click(),
    seen: "#run-list",
  },
  "zoomed-with-table": {
    run: "spikes",
    arrange: async ({ page }) => {
      await page.getByRole("button", { name: "Table of Gradient norm" }).click();
      await page.getByRole("button", { name: "step 600" }).click();
      await page.getByText("Steps 550 to 650").waitFor();
      for (let i = 0; i < 2; i++) await page.getByRole("button", { name: "Zoom in" }).click();
      await page.getByText("Steps 588 to 613").waitFor();
      await page.locator('[data-chart="norm"] tbody').getByRole("rowheader", { name: "588", exact: true }).waitFor();
      await page.waitForFunction(() => document.querySelectorAll('[data-chart="norm"] tbody tr').length < 30);
    },
  },
  "many-spikes": {
    run: "spiky",
    arrange: async ({ page }) => {
      await page.getByRole("button", { name: "23 spikes" }).click();
      await page.getByRole("button", { name: "step 1,150" }).waitFor();
    },
  },
  tip: {
    run: "spikes",
    arrange: ({ page }) => page.locator('[data-figure="clip-rate"] button').hover(),
  },
  "right-to-left": {
    run: "spikes",
    arrange: ({ page }) => page.evaluate(() => document.documentElement.setAttribute("dir", "rtl")),
  },
  written: {
    run: "unclipped",
    arrange: async (dashboard) => {
      await dashboard.page.getByRole("button", { name: "Write to code" }).click();
      await dashboard.post({
        type: "written",
        id: 1,
        ok: { ...runs.SITE, line: 41, cell: null, summary: "Change the default of `max_norm` from 1.0 to 0.5" },
        err: null,
      });
      await dashboard.page
        .getByText("Written into the editor, for you to save or undo: Change the default of max_norm from 1.0 to 0.5")
        .waitFor();
      await dashboard.page.getByRole("button", { name: "train.py:41" }).waitFor();
    },
  },
  layers: {
    run: "layered",
    arrange: async ({ page }) => {
      await page.getByRole("slider", { name: /^Gradient norms of the layers/ }).focus();
      for (let i = 0; i < 15; i++) await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await page.locator('[data-chart="layer"] canvas[aria-label]').waitFor();
    },
  },
  compared: {
    run: "spikes",
    arrange: async ({ page }) => {
      await compareWith(page, ["train.py --lr 0.1"]);
      await page.keyboard.press("Escape");
      await page.getByText("Lowest loss of the steps shown").waitFor();
    },
  },
  "compared-several": {
    run: "sweep-0",
    arrange: async (dashboard) => {
      const names = runs.sweep.slice(1, 4).map(({ info }) => info.name);
      await compareWith(dashboard.page, names);
      await dashboard.page.keyboard.press("Escape");
      await dashboard.page.locator('[data-chart="loss"] [data-color="other-3"]').waitFor();
    },
  },
  "compared-six": {
    run: "calm",
    arrange: async ({ page }) => {
      await compareWith(
        page,
        runs.sweep.map(({ info }) => info.name),
      );
      await page.locator('[data-chart="loss"] [data-color="other-6"]').waitFor();
    },
  },
  "save-menu": {
    run: "spikes",
    arrange: ({ page }) => page.getByRole("button", { name: "Copy or save Loss" }).click(),
    seen: '[data-chart="loss"] [role="menu"]',
  },
  "many-layers": {
    run: "many-layers",
    arrange: async ({ page }) => {
      await page.locator('[data-chart="layers"] canvas[aria-label]').waitFor();
      await page.getByRole("button", { name: "Table of the gradient norms of the layers" }).click();
    },
  },
  "what-if": {
    run: "spikes",
    arrange: async ({ page }) => {
      await page.getByRole("button", { name: "Table of the distribution of the norms" }).click();
      await page.getByRole("slider", { name: "Threshold to try" }).focus();
      for (let i = 0; i < 2; i++) await page.keyboard.press("PageUp");
      await page.getByRole("button", { name: "Back to the suggestion" }).waitFor();
    },
  },
  controlled: {
    run: "controlled",
    arrange: async ({ page }) => {
      await page.getByLabel("New threshold").fill("-1");
      await page.keyboard.press("Enter");
      await page.getByText("Enter a number above 0.").waitFor();
    },
  },
  "controlled-loose": { run: "loose" },
  paused: {
    run: "paused",
    arrange: ({ page }) => page.getByText("decoder.weight is not finite. The training waits for you.").waitFor(),
  },
  uncontrollable: {
    run: "uncontrollable",
    arrange: ({ page }) => page.getByText("This run has no clip whose threshold could be changed.").waitFor(),
  },
  refused: {
    run: "unclipped",
    arrange: async (dashboard) => {
      await dashboard.page.getByRole("button", { name: "Write to code" }).click();
      await dashboard.post({
        type: "written",
        id: 1,
        ok: null,
        err: "train.py was changed since this run, and line 42 holds no optimizer step any more. Run it again.",
      });
      await dashboard.page.getByText("Not written: train.py was changed").waitFor();
    },
  },
  stale: {
    run: "spikes",
    arrange: async (dashboard) => {
      await dashboard.post({ type: "hub", state: "disconnected", reason: null });
      await dashboard.page.locator(".banner").waitFor();
    },
  },
};

/** What does not depend on colours is checked once a state. */
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];
const CONTRAST = ["color-contrast"];

const LOOKS: { name: string; theme: ThemeName; width: number; rules: string[] }[] = [
  { name: "dark", theme: "dark-2026", width: 1280, rules: RULES },
  { name: "light", theme: "light", width: 900, rules: CONTRAST },
  { name: "high-contrast", theme: "high-contrast", width: 1280, rules: CONTRAST },
  { name: "narrow", theme: "light-2026", width: 360, rules: CONTRAST },
];

for (const [name, { run, relay, arrange, seen }] of Object.entries(STATES))
  test(`${name}: clean, accessible, photographed`, async () => {
    const dashboard = await stage.open({ ...(run && { run }), ...(relay && { relay: relay() }) });
    await arrange?.(dashboard);
    for (const { name: look, theme, width, rules } of LOOKS) {
      await dashboard.setTheme(theme);
      await dashboard.resize(width);
      await dashboard.screenshot(`${name}-${look}`);
      if (seen) assert.ok(await dashboard.page.locator(seen).isVisible(), look);
      if (rules.length > 0) assert.deepEqual(await faults(dashboard, rules), [], look);
      assert.equal(await overflow(dashboard), 0, `${look}: the page must not scroll sideways`);
    }
    assert.deepEqual(dashboard.complaints, []);
    const warnings = dashboard.sent.filter((message) => message.type === "log");
    assert.equal(warnings.length, name === "failed" ? 1 : 0, JSON.stringify(warnings));
    await dashboard.close();
  });

test("what has most colours is read in the themes that the states leave out, too", async () => {
  const dashboard = await stage.open({ run: "spikes" });
  for (const run of ["non-finite", "troubled", "controlled", "paused", "sharded", "layered"]) {
    await dashboard.post({ type: "show", run });
    await dashboard.drawn();
    await dashboard.page.locator(".distribution .effects").waitFor();
    for (const theme of ["dark", "high-contrast-light"] as const) {
      await dashboard.setTheme(theme);
      await dashboard.settled();
      await dashboard.screenshot(`theme-${theme}-${run}`);
      assert.deepEqual(await faults(dashboard, CONTRAST), [], `${theme}: ${run}`);
    }
  }
  await dashboard.close();
});

test("in a side panel at its narrowest, no panel of the dashboard is cut", async () => {
  const dashboard = await stage.open({ run: "spikes", width: 320 });
  const { page } = dashboard;
  for (const run of ["spikes", "layered", "sharded", "groups", "non-finite", "controlled", "spiky"]) {
    await dashboard.post({ type: "show", run });
    await dashboard.drawn();
    await page.locator(".distribution .effects").waitFor();
    await dashboard.settled();
    const cut = await page.evaluate(() =>
      [...document.querySelectorAll(".panel")].flatMap((panel) => {
        const { right } = panel.getBoundingClientRect();
        return [...panel.querySelectorAll(":scope :is(td, th, button, p, li, summary)")]
          .filter(
            (part) => part.getBoundingClientRect().right > right && !part.closest(".table, .scroll, pre, .unseen"),
          )
          .map((part) => `${panel.className}: ${part.textContent}`);
      }),
    );
    assert.deepEqual(cut, [], run);
    assert.equal(await overflow(dashboard), 0, run);
  }
  await dashboard.close();
});

test("in a very wide editor the loss and the clip rate stand beside the norms, and the distribution beside the layers", async () => {
  const dashboard = await stage.open({ run: "layered", width: 2200 });
  await dashboard.page.locator('[data-chart="layers"] canvas[aria-label]').waitFor();
  await dashboard.page.locator(".distribution .effects").waitFor();
  await dashboard.settled();
  const box = async (selector: string) => (await dashboard.page.locator(selector).boundingBox())!;
  const [norms, loss, rate, layers, distribution, aside] = await Promise.all(
    [".panel.norm", '[data-chart="loss"]', '[data-chart="clip-rate"]', ".layers", ".distribution", ".aside"].map(box),
  );
  const end = ({ x, width }: { x: number; width: number }) => x + width;
  assert.ok(end(norms!) < loss!.x && end(loss!) < aside!.x, "in this order");
  assert.ok(end(aside!) > 2100, "up to the end of the page");
  assert.equal(norms!.y, loss!.y);
  assert.ok(Math.abs(norms!.y + norms!.height - rate!.y - rate!.height) < 1, "as high as the two");
  const plot = await box(".panel.norm .plot");
  assert.ok(norms!.y + norms!.height - plot.y - plot.height < 20, "and filled by its plot");
  const canvas = await box(".panel.norm canvas");
  assert.ok(Math.abs(canvas.height - plot.height) < 1, "which is drawn as high");
  assert.equal(layers!.y, distribution!.y);
  assert.equal(distribution!.x, loss!.x);
  await dashboard.screenshot("very-wide");
  assert.deepEqual(await faults(dashboard, RULES), []);
  assert.equal(await overflow(dashboard), 0);
  // What was higher becomes lower again.
  await dashboard.resize(1280);
  assert.equal((await box(".panel.norm .plot")).height, 300);
  assert.ok((await box('[data-chart="loss"]')).y > (await box(".panel.norm")).y + 300);
  await dashboard.close();
});

test("the small charts beside each other begin at the same height", async () => {
  const dashboard = await stage.open({ run: "spikes" });
  for (const width of [900, 1280, 1500]) {
    await dashboard.resize(width);
    const tops = await dashboard.page
      .locator(".small .plot")
      .evaluateAll((plots) => plots.map((plot) => Math.round(plot.getBoundingClientRect().top)));
    assert.equal(tops.length, 3);
    assert.equal(new Set(tops).size, 1, `${width}: ${tops}`);
  }
  await dashboard.close();
});

test("beside a chart whose legend takes more rows, a plot fills its panel", async () => {
  const dashboard = await stage.open({ run: "calm" });
  const { page } = dashboard;
  await compareWith(
    page,
    runs.sweep.map(({ info }) => info.name),
  );
  await page.keyboard.press("Escape");
  await page.locator('[data-chart="loss"] [data-color="other-6"]').waitFor();
  await dashboard.settled();
  const bottoms = await page
    .locator('.plot[data-size="medium"] canvas[aria-label]')
    .evaluateAll((all) => all.slice(0, 2).map((canvas) => Math.round(canvas.getBoundingClientRect().bottom)));
  assert.equal(bottoms.length, 2);
  assert.equal(bottoms[0], bottoms[1]);
  // What is below a chart's title is the legend, and the tools stay beside the title.
  for (const name of ["loss", "clip-rate", "learning-rate"]) {
    const box = async (part: string) =>
      (await page.locator(`[data-chart="${name}"] > header > ${part}`).boundingBox())!;
    const [title, tools, legend] = [await box("h2"), await box(".tools"), await box(".legend")];
    assert.ok(tools.y < title.y + title.height && legend.y > title.y, name);
  }
  await dashboard.close();
});

test("in a narrow panel the names of runs are whole, and what follows them is cut", async () => {
  const dashboard = await stage.open({ run: "unclipped", width: 360 });
  const { page } = dashboard;
  await page.locator("#others").click();
  const cut = await page.locator(".picker .name:visible").evaluateAll((names) =>
    names.flatMap((name) => {
      const text = document.createRange();
      text.selectNodeContents(name);
      const isCut = text.getBoundingClientRect().width > name.getBoundingClientRect().width;
      return isCut && name.textContent!.length < 22 ? [name.textContent] : [];
    }),
  );
  assert.deepEqual(cut, []);
  assert.ok((await page.locator(".picker .name:visible").count()) > 10);
  await dashboard.close();
});

test("at 200 % zoom nothing is cut, and charts are as sharp as the screen", async () => {
  const dashboard = await stage.open({ run: "spikes", width: 640, height: 450, scale: 2 });
  await dashboard.page.locator(".distribution .effects").waitFor();
  assert.equal(await overflow(dashboard), 0);
  const sharpness = await dashboard.page
    .locator('[data-chart="norm"] canvas[aria-label]')
    .evaluate((canvas: HTMLCanvasElement) => canvas.width / canvas.clientWidth);
  assert.ok(Math.abs(sharpness - 2) < 0.01, `${sharpness}`);
  await dashboard.screenshot("zoomed-to-200");
  await dashboard.close();
});

async function faults({ page }: DashboardPage, rules: string[]): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe);
  const { violations } = await page.evaluate(
    (only) =>
      (window as unknown as { axe: { run(o: object): Promise<AxeResults> } }).axe.run({
        runOnly: only,
        resultTypes: ["violations"],
      }),
    rules,
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`)}`,
    );
}

const overflow = ({ page }: DashboardPage): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

test("the checks of these tests see a fault where there is one", async () => {
  const dashboard = await stage.open({ relay: STATES.empty!.relay!() });
  await STATES.empty!.arrange!(dashboard);
  await dashboard.page.evaluate(() => {
    const button = document.createElement("button");
    button.style.color = "#777";
    button.style.background = "#888";
    button.append("pale", document.createElement("img"));
    document.body.append(button);
    const style = document.createElement("style");
    style.textContent = "body { color: red }";
    document.head.append(style);
  });
  assert.match((await faults(dashboard, RULES)).join(), /image-alt/);
  assert.match((await faults(dashboard, CONTRAST)).join(), /color-contrast/);
  assert.match(dashboard.complaints.join(), /Content Security Policy/);
});
