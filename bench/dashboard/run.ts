/**
 * `npm run bench:dashboard [-- --from N] [-- --steps N] [-- --beside N] [-- --no-peers]`: the dashboard in a real browser on runs of so
 * many steps, also with so many others as long beside each, and charts that are fed all of them. Builds nothing: `npm run build -- --production` first. On a machine that does other things, the page's processor
 * time a frame is a steadier measure than the time between frames.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Browser } from "playwright-core";
import { decodeFrame } from "../../protocol/frame.ts";
import { hasGpu, openBrowser } from "../../test/host/browser.ts";
import { BenchHub } from "../hub/hub.ts";
import { ask, connect, send } from "../hub/sockets.ts";
import { FRAME_STEPS, frame, framesOf } from "../hub/telemetry.ts";
import { spreadOf } from "../lint/quantiles.ts";
import { FIRST_SHOWN, measureBeside, measureDashboard, type Watched } from "./dashboard.ts";
import type { Measurement } from "./measurement.ts";
import { type Served, serve } from "./serve.ts";
import { Tab } from "./tab.ts";
import { prepareTensorboard, TensorBoard } from "./tensorboard.ts";

const { values } = parseArgs({
  options: {
    from: { type: "string", default: "10000" },
    steps: { type: "string", default: "10000000" },
    beside: { type: "string", default: "0" },
    "no-peers": { type: "boolean", default: false },
  },
});
const SIZES = [10_000, 100_000, 1_000_000, 10_000_000].filter(
  (steps) => steps >= Number(values.from) && steps <= Number(values.steps),
);
const RUN = "long";
const BESIDE = Array.from({ length: Number(values.beside) }, (_, i) => `beside-${i + 1}`);
const CHARTS = {
  "Chart.js, all steps": "chart-js?decimation=none",
  "Chart.js, decimation lttb": "chart-js?decimation=lttb",
  "Chart.js, decimation min-max": "chart-js?decimation=min-max",
  uPlot: "uplot?",
};
const TENSORBOARD = "TensorBoard";
/** No peer: what drawing nothing takes. */
const BLANK = "blank canvases";

interface Row {
  readonly steps: number;
  readonly tool: string;
  readonly measured: Measurement;
}

/** The norms of what was sent. */
async function ingest(storage: string, steps: number, log: string | null): Promise<Float64Array> {
  const hub = await BenchHub.start(storage);
  const norms = new Float64Array(steps);
  await send(hub.endpoint, RUN, steps / FRAME_STEPS, (seq) => {
    const bytes = frame(RUN, seq, false);
    norms.set(decodeFrame(bytes).columns.norm_pre!.data as Float64Array, seq * FRAME_STEPS);
    return bytes;
  });
  for (const run of BESIDE) await send(hub.endpoint, run, steps / FRAME_STEPS, framesOf(run, false));
  const { run, steps: few } = FIRST_SHOWN;
  await send(hub.endpoint, run, few / FRAME_STEPS, (seq) => frame(run, seq, false));
  await hub.idle();
  if (log !== null) {
    const viewer = await connect(hub.endpoint, "/view");
    const file = join(log, "events.out.tfevents.0");
    const { data } = await ask(viewer, { method: "export", run: RUN, format: "tensorboard", file });
    if ("err" in JSON.parse(data.toString())) throw new Error(data.toString());
    viewer.close();
  }
  await hub.stop();
  return norms;
}

async function compare(browser: Browser, served: Served, storage: string, steps: number): Promise<Row> {
  const hub = await BenchHub.start(storage);
  served.hub = hub.endpoint;
  const measured = await measureBeside(browser, served.address, RUN, BESIDE, steps);
  await hub.stop();
  return { steps, tool: `gradsight, ${BESIDE.length} beside it`, measured };
}

async function measureChart(browser: Browser, address: string): Promise<Measurement> {
  const tab = await Tab.open(browser);
  const page = await tab.paint(address);
  const driven = page === null ? null : await tab.drive();
  const heap = driven === null ? null : await tab.heap();
  await tab.close();
  return { opened: null, page, driven, heap };
}

async function measureTensorboard(browser: Browser, python: string, log: string, steps: number): Promise<Measurement> {
  const tab = await Tab.open(browser);
  const begun = performance.now();
  const server = await TensorBoard.start(python, log);
  const isRead = await server.hasRead(steps - 1);
  const first = isRead ? await server.paint(tab) : null;
  const opened = first === null ? null : performance.now() - begun;
  const page = first === null ? null : await server.paint(tab);
  const heap = page === null ? null : await tab.heap();
  server.stop();
  await tab.close();
  return { opened, page, driven: null, heap };
}

const count = (value: number) => Math.round(value).toLocaleString("en");
const ms = (value: number | null | undefined) =>
  value === null || value === undefined ? "" : value < 10 ? `${value.toFixed(1)} ms` : `${count(value)} ms`;
const print = (...cells: string[]) =>
  console.log(cells.map((cell, i) => (i ? cell.padStart(10) : cell.padEnd(30))).join(""));

function printRows(rows: readonly Row[], own: Row): void {
  console.log("");
  print(
    `${count(own.steps)} steps`,
    "opened",
    "page",
    "× ours",
    "frame",
    "p95",
    "worst",
    "work",
    "script",
    "layout",
    "× ours",
    "settled",
    "heap",
  );
  for (const { tool, measured } of rows) {
    const { opened, page, driven, heap } = measured;
    if (page === null) {
      print(tool, "stopped");
      continue;
    }
    const { median, p95, max } = spreadOf(driven?.frames ?? []);
    const times = (value: number | undefined, ours: number | null | undefined) =>
      value === undefined || ours === null || ours === undefined ? "" : (value / ours).toFixed(1);
    print(
      tool,
      ms(opened),
      ms(page),
      times(page, own.measured.page),
      ...(driven
        ? [ms(median), ms(p95), ms(max), ms(driven.work), ms(driven.script), ms(driven.layout)]
        : ["", "", "", "", "", ""]),
      times(driven?.work, own.measured.driven?.work),
      ms(driven?.settled),
      heap === null ? "" : `${count(heap)} MiB`,
    );
  }
}

function printWatched(steps: number, what: string, { drawings, requests, tiles, pushes, work }: Watched): void {
  const each = (value: number) => value.toFixed(1);
  print(
    `${count(steps)} steps, ${what}`,
    each(drawings),
    each(requests),
    each(tiles),
    each(pushes),
    `${each(work)} ms`,
  );
}

async function peersOf(browser: Browser, served: Served, steps: number, log: string | null, stopped: Set<string>) {
  const rows: Row[] = [];
  const add = async (tool: string, measure: () => Promise<Measurement>) => {
    const measured = stopped.has(tool) ? { opened: null, page: null, driven: null, heap: null } : await measure();
    if (measured.page === null) stopped.add(tool);
    rows.push({ steps, tool, measured });
  };
  for (const [tool, page] of Object.entries(CHARTS))
    await add(tool, () => measureChart(browser, `${served.address}/${page}`));
  if (python !== null && log !== null) await add(TENSORBOARD, () => measureTensorboard(browser, python, log, steps));
  return rows;
}

const python = values["no-peers"] ? null : prepareTensorboard();
const folder = mkdtempSync(join(tmpdir(), "gradsight-bench-"));
const gpu = hasGpu();
const browser = await openBrowser({ gpu });
const served = await serve();
const loads: number[] = [];
const results: { rows: Row[]; live: Watched; hidden: Watched }[] = [];
const stopped = new Set<string>();
try {
  for (const steps of SIZES) {
    const storage = join(folder, String(steps));
    const log = python === null || stopped.has(TENSORBOARD) ? null : join(folder, `log-${steps}`);
    if (log !== null) mkdirSync(log);
    served.norms = await ingest(storage, steps, log);
    loads.push(loadavg()[0]!);
    // Before live data makes the run longer, and with a hub of its own, since the other has to read the run anew.
    const compared = BESIDE.length > 0 ? [await compare(browser, served, storage, steps)] : [];
    const hub = await BenchHub.start(storage);
    served.hub = hub.endpoint;
    const { drawn, live, hidden } = await measureDashboard(browser, served.address, hub.endpoint, RUN, steps);
    await hub.stop();
    const own: Row = { steps, tool: "gradsight", measured: drawn };
    const blank: Row = { steps, tool: BLANK, measured: await measureChart(browser, `${served.address}/blank`) };
    const peers = values["no-peers"] ? [] : await peersOf(browser, served, steps, log, stopped);
    loads.push(loadavg()[0]!);
    results.push({ rows: [own, ...compared, blank, ...peers], live, hidden });
    rmSync(storage, { recursive: true, force: true });
    if (log !== null) rmSync(log, { recursive: true, force: true });
    console.error(`${count(steps)} steps measured`);
  }
} finally {
  await browser.close();
  served.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, load ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}`;
console.log(
  `${machine}; Chromium ${browser.version()}, ${gpu ? "with a GPU" : "drawing in software, as there is no GPU"}`,
);
console.log(`
opened: from choosing the run, which the server has not read yet (TensorBoard: from its start), until it is painted
page: from the page's navigation, where the server has read the run, until it is painted
frame, p95, worst: between two frames while the chart zooms in, pans and zooms out, a move a frame
work: processor time of the page's main thread a frame; script, layout (and styles): of it, and the rest is painting
settled: from the last move until what belongs to it is painted
gradsight draws all its charts; the peers draw one line, Chart.js and uPlot from numbers that their page is given
blank canvases: as many and as large as gradsight has in its window, cleared at each frame, so what the browser itself takes
stopped: took over a minute, or more memory than the browser has`);
for (const { rows } of results) printRows(rows, rows[0]!);
console.log("");
print("1,000 steps/s in, each second", "drawings", "requests", "tiles", "pushes", "work");
for (const { rows, live, hidden } of results) {
  printWatched(rows[0]!.steps, "seen", live);
  printWatched(rows[0]!.steps, "hidden", hidden);
}
mkdirSync("out/bench", { recursive: true });
writeFileSync("out/bench/dashboard.json", `${JSON.stringify({ machine, gpu, results }, null, 2)}\n`);
