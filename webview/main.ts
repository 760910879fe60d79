/** The dashboard: wires host, feed, state and views together. It holds no statistics; the server owns those. */
import "./theme.css";
import "./layout.css";
import type { AskedThreshold } from "../protocol/control.ts";
import type { ChosenKind } from "../protocol/lsp.ts";
import type { CodeLocation, RunEvent } from "../protocol/telemetry.ts";
import type { SeriesDetail } from "../protocol/viewer.ts";
import { toDashboard } from "../protocol/webview.ts";
import type { Scene } from "./charts/canvas.ts";
import { clipRateChart } from "./charts/clip-rate.ts";
import { Crosshair } from "./charts/crosshair.ts";
import { learningRateChart } from "./charts/learning-rate.ts";
import { lossChart } from "./charts/loss.ts";
import { normChart } from "./charts/norm.ts";
import { onThemeChange, readPalette } from "./charts/palette.ts";
import { ChartPanel, type PanelActions } from "./charts/panel.ts";
import type { ChartSpec } from "./charts/spec.ts";
import { stepTimeChart } from "./charts/step-time.ts";
import { updateRatioChart } from "./charts/update-ratio.ts";
import { confine, type StepWindow, visibleWindow, wholeRun } from "./charts/window.ts";
import { element, setHidden } from "./dom.ts";
import { host, log, reasonOf } from "./host.ts";
import { HubClient } from "./hub/client.ts";
import { Feed } from "./hub/feed.ts";
import { nextRun } from "./hub/next-run.ts";
import { stepsAround, withEventsOf } from "./hub/window-events.ts";
import { t } from "./l10n.ts";
import { nextId, Outcomes } from "./outcomes.ts";
import { type Places, toggled } from "./places.ts";
import { namesBeside, shortened } from "./run-names.ts";
import { counterpart, knownOthers, placeholderKind, shownRun, shownSeries } from "./shown.ts";
import { changeState, onStateChange, state, UNTOUCHED } from "./state.ts";
import { BannerView } from "./views/banner.ts";
import { DifferencesView, type NamedRun } from "./views/differences.ts";
import { DISTRIBUTION, DistributionView } from "./views/distribution.ts";
import { EventsView, eventsOf, eventsOfAllRanks } from "./views/events.ts";
import { HeaderView } from "./views/header.ts";
import { LayersView } from "./views/layers.ts";
import { type ControlOutcome, LiveControlView } from "./views/live-control.ts";
import type { WriteOutcome } from "./views/outcome.ts";
import { PauseView } from "./views/pause.ts";
import { PlaceholderView } from "./views/placeholder.ts";
import { RanksView } from "./views/ranks.ts";
import { StoryView } from "./views/story.ts";
import { SuggestionView } from "./views/suggestion.ts";
import { SummaryView } from "./views/summary.ts";
import { ToolbarView } from "./views/toolbar.ts";

const small = [learningRateChart, updateRatioChart, stepTimeChart];
const specs = [normChart, lossChart, clipRateChart, ...small];
const lines = specs.flatMap((spec) => spec.lines);
const metrics = new Set(lines.map(({ metric }) => metric));
const comparedMetrics = new Set(lines.filter(({ compared }) => compared).map(({ metric }) => metric));

const client = new HubClient((request) => host.postMessage({ type: "request", request }));
const feed = new Feed(client, [...metrics], [...comparedMetrics], schedule);
const crosshair = new Crosshair();
const writes = new Outcomes<WriteOutcome>();
const changes = new Outcomes<ControlOutcome>();
/** Of the answer to a pause that was given last. */
let lastProceeding = 0;

const setWindow = (window: StepWindow | null) => {
  const series = seriesOnScreen();
  if (series) changeState({ window: window && confine(window, wholeRun(series.firstStep, series.lastStep)) });
};
const others = () => knownOthers(feed.runs, state().others);
const compare = (run: string | null) => changeState({ others: run === null ? [] : [...toggled(others(), run)] });
const reveal = (location: CodeLocation) => host.postMessage({ type: "reveal", location });

const banner = new BannerView(() => host.postMessage({ type: "command", command: "showLog" }));
const header = new HeaderView({
  chooseRun: (run) => changeState({ run, ...UNTOUCHED }),
  compare,
  chooseSeries: (series) => changeState({ ...UNTOUCHED, series, rank: state().rank }),
});
const placeholder = new PlaceholderView((action) => {
  if (action === "retry") feed.reload();
  else host.postMessage({ type: "command", command: action });
});
const toolbar = new ToolbarView(crosshair, setWindow);
const story = new StoryView((series, step) => {
  const told = feed.detail?.series.find(({ id }) => id === series);
  changeState({ ...UNTOUCHED, series: told?.name ?? null, rank: told?.rank || null });
  showSteps(step, step);
});
const summary = new SummaryView();
const suggestion = new SuggestionView({
  write: (series, threshold, kind) => writeThreshold(series, threshold, kind, "suggestion"),
  reveal,
});
const control = new LiveControlView(changeThreshold);
const pause = new PauseView((step, action) => {
  const run = feed.detail?.summary.id;
  if (run === undefined) return;
  lastProceeding = nextId();
  host.postMessage({ type: "proceed", id: lastProceeding, run, step, action });
});
const subject = () => feed.detail?.summary.name ?? "";
const save: PanelActions["save"] = (chart, kind, bytes) =>
  host.postMessage({ type: "save", name: `${subject()} ${chart}`.slice(0, 1024), kind, bytes });
const chartActions: PanelActions = { crosshair, setWindow, toggleTable, subject, save };
const layers = new LayersView({
  ...chartActions,
  open: (modules) => changeState({ modules, layer: null }),
  pick: (layer) => changeState({ layer }),
  sourceOf: (layer, series) => feed.sourceOf(layer, series.id),
  reveal,
});
const distribution = new DistributionView({
  tryOut: (whatIf) => changeState({ whatIf }),
  write: (series, threshold) => writeThreshold(series, threshold, "norm", "what-if"),
  reveal,
  toggleTable,
  subject,
  save,
});
const differences = new DifferencesView({ takeOff: compare, stop: () => compare(null) });
const ranks = new RanksView((rank) => changeState({ rank }));
const events = new EventsView({
  showSteps,
  reveal,
  choose: (events) => changeState({ events }),
  toggle: (group) => changeState({ groups: withOrWithout(state().groups, group) }),
});
const panels = new Map(specs.map((spec) => [spec, new ChartPanel(spec, chartActions)]));
const panelOf = (spec: ChartSpec) => panels.get(spec) as ChartPanel;
const norm = panelOf(normChart);

const content = element(
  "div",
  { class: "content" },
  summary.element,
  element("div", { class: "panel norm" }, toolbar.element, norm.element),
  element("div", { class: "aside" }, ranks.element, suggestion.element, control.element, events.element),
  panelOf(lossChart).element,
  panelOf(clipRateChart).element,
  differences.element,
  layers.element,
  distribution.element,
  element("div", { class: "small" }, ...small.map((spec) => panelOf(spec).element)),
);
document.body.append(
  element(
    "main",
    { id: "dashboard" },
    element("h1", { class: "unseen" }, t("Gradsight Dashboard")),
    banner.element,
    header.element,
    placeholder.element,
    pause.element,
    story.element,
    content,
  ),
);

/** What is known of the runs beside the one on screen, in their places; of one that was not heard of yet, nothing. */
function comparedRuns(places: Places, series: SeriesDetail): Omit<NamedRun, "name" | "isLive">[] {
  return places.flatMap((id, place) => {
    const run = id === null ? null : feed.beside.detailOf(id);
    return run ? [{ run, place, series: counterpart(run, series), tile: feed.beside.tileOf(run.summary.id) }] : [];
  });
}

const runOnScreen = () => shownRun(feed.runs ?? [], state().run);

/** The series on screen; `rank`: as this rank told it, null for what is the same on all. */
const seriesOnScreen = (rank = state().rank) => shownSeries(feed.detail, { series: state().series, rank });

let scheduled = false;
/** What the views beside the charts were last shown. */
let told: readonly unknown[] = [];
/** What the runs were last compared by. */
let toldTiles: readonly unknown[] = [];
let shownEvents: readonly RunEvent[] = [];
/** Those, and the ones of the window that the run's detail leaves out: what the charts are made of. */
let chartedEvents: readonly RunEvent[] = [];
/** What the charts were last given. */
let scene: Scene | null = null;

/** Draws before the next frame; a hidden page has none. */
function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    render();
  });
}

function render(): void {
  const run = runOnScreen();
  feed.watch(run);
  const { detail } = feed;
  const series = seriesOnScreen();
  const kind = placeholderKind(feed, series);
  banner.show(feed, kind);
  const places = others().map((id) => (id === run ? null : id));
  feed.beside.watch(places.filter((id) => id !== null));
  placeholder.show(kind, kind === "failed" ? feed.problem : feed.hub.reason);
  const { tables, whatIf, modules, layer, rank, events: filter, groups } = state();
  const advised = seriesOnScreen(null);
  const outcome = detail && advised && writes.of(detail.summary.id, advised.id);
  const change = detail && advised && changes.of(detail.summary.id, advised.id);
  const isLive = feed.hub.state === "connected";
  // Who moves about the steps changes nothing beside the charts, where there may be hundreds of rows.
  const given = [
    kind,
    feed.runs,
    run,
    detail,
    series,
    places.join(),
    isLive,
    ...places.map((id) => id && feed.beside.detailOf(id)),
    outcome,
    change,
    rank,
    filter,
    groups,
    feed.events.answer,
  ];
  const isNews = isOther(given, told);
  told = given;
  if (isNews) {
    header.show(feed.runs ?? [], run, detail, series, places, isLive);
    pause.show(detail);
    story.show(detail);
  }
  const charted = kind === null && detail !== null && series !== null;
  setHidden(content, !charted);
  if (!charted || advised === null) return;

  const compared = comparedRuns(places, series);
  if (isNews) {
    const ofRank = rank === null ? eventsOfAllRanks : eventsOf;
    shownEvents = ofRank(detail, series);
    const all = withEventsOf(detail.events, feed.events.answer ?? []);
    chartedEvents = all === detail.events ? shownEvents : ofRank({ ...detail, events: [...all] }, series);
    summary.show(series, detail);
    suggestion.show(detail, advised, outcome);
    control.show(detail, advised, change);
    ranks.show(detail, series, rank);
    events.show(detail, series, shownEvents, filter ?? "all", groups);
  }
  const whole = wholeRun(series.firstStep, series.lastStep);
  const window = visibleWindow(state().window, whole);
  const { answer: tile, question: tileView } = feed.tile;
  // A live chart moves on with its data: its axis does not run ahead of the tile that is under way.
  const drawn = state().window === null && tileView ? { from: tileView.from, to: tileView.to } : window;
  const beside = [{ run: detail, series, tile, place: null }, ...compared];
  const names = namesBeside(beside.map(({ run: { summary } }) => summary));
  const tiles = beside.map((one) => one.tile);
  if (isNews || isOther(tiles, toldTiles)) {
    toldTiles = tiles;
    differences.show(beside.map((one, i) => ({ ...one, isLive, name: names[i]! })));
  }
  const [, ...short] = shortened(names);
  const overlays = compared.flatMap(({ place, series: of, tile: its }, i) =>
    of && its && place !== null ? [{ place, name: short[i]!, series: of, tile: its }] : [],
  );
  // What a run tells of itself is drawn with the tile that was asked for thereupon: one drawing for both.
  const isBehind = feed.tile.isAsking && scene?.tile === tile;
  const latest = isBehind ? { series: scene!.series, events: scene!.events } : { series, events: chartedEvents };
  scene = tile && { ...latest, tile, window: drawn, others: overlays };
  toolbar.show(window, whole, detail.summary.status === "running" && isLive);
  for (const [{ id }, panel] of panels) panel.draw(scene, tables.includes(id));
  const layered = feed.layers.question;
  layers.show(
    feed.layers.answer && {
      series,
      tile: feed.layers.answer,
      window: state().window === null && layered ? { from: layered.from, to: layered.to } : window,
    },
    { modules, layer, tables },
  );
  distribution.show(detail, advised, feed.distribution.answer, whatIf, outcome, tables.includes(DISTRIBUTION));
  const buckets = Math.max(50, Math.ceil(norm.width / 2));
  const shown = detail.summary.id;
  const view = { run: shown, series: series.id, from: window.from, to: window.to };
  feed.tile.want({ ...view, buckets });
  const { first, layers: rows } = modules.at(-1) ?? { first: 0, layers: null };
  const follows = state().window === null;
  feed.beside.show(
    compared.flatMap((one) =>
      one.series ? [{ ...view, run: one.run.summary.id, series: one.series.id, buckets, follows }] : [],
    ),
  );
  feed.layers.want(series.layers === 0 ? null : { ...view, buckets: layers.buckets, first, rows, follows });
  feed.events.want(follows ? null : { run: shown, series: "", ...stepsAround(window) });
  feed.distribution.want({ run: shown, series: advised.id });
}

const isOther = (now: readonly unknown[], before: readonly unknown[]) =>
  now.length !== before.length || now.some((value, i) => value !== before[i]);

const withOrWithout = (all: string[], id: string) =>
  all.includes(id) ? all.filter((one) => one !== id) : [...all, id];

function toggleTable(chart: string): void {
  changeState({ tables: withOrWithout(state().tables, chart) });
}

/** Brings steps into view, a single one with the crosshair on it. */
function showSteps(from: number, to: number): void {
  setWindow({ from: from - 50, to: to + 50 });
  if (from === to) crosshair.move(from);
}

function writeThreshold(series: SeriesDetail, threshold: number, kind: ChosenKind, from: WriteOutcome["from"]): void {
  const run = feed.detail?.summary.id;
  if (run === undefined) return;
  const id = writes.begin(run, series.id, { from, asks: false });
  if (id === null) return;
  host.postMessage({ type: "writeThreshold", id, run, series: series.id, threshold, kind });
  schedule();
}

function changeThreshold(series: SeriesDetail, threshold: AskedThreshold): void {
  const run = feed.detail?.summary.id;
  if (run === undefined) return;
  const id = changes.begin(run, series.id, { threshold });
  if (id === null) return;
  host.postMessage({ type: "control", id, run, series: series.id, threshold });
  schedule();
}

function receive(data: unknown): void {
  const message = toDashboard(data);
  switch (message.type) {
    case "hub":
      feed.setHub(message.state, message.reason);
      break;
    case "message": {
      const before = feed.runs;
      feed.receive(message.message);
      const next = before && feed.runs && nextRun(runOnScreen(), before, feed.runs);
      if (next) changeState({ run: next, ...UNTOUCHED });
      break;
    }
    case "tile":
      client.receiveFrame(message.bytes);
      break;
    case "show":
      changeState({ run: message.run, ...UNTOUCHED });
      break;
    case "asked":
      writes.learn(message.id, { asks: true });
      schedule();
      break;
    case "written":
      writes.learn(message.id, { result: message });
      schedule();
      break;
    case "controlled":
      if (message.id === lastProceeding) pause.answered(message);
      changes.learn(message.id, { result: message });
      schedule();
  }
}

function paint(): void {
  const palette = readPalette();
  for (const panel of panels.values()) panel.paint(palette);
  layers.paint(palette);
  distribution.paint(palette);
}

function followVisibility(): void {
  if (document.visibilityState === "visible") feed.resume();
  else feed.pause();
}

window.addEventListener("message", ({ data }) => {
  try {
    receive(data);
  } catch (error) {
    log("warn", `ignored a message: ${reasonOf(error)}`);
  }
});
window.addEventListener("error", ({ message }) => log("error", message));
window.addEventListener("unhandledrejection", ({ reason }) => log("error", reasonOf(reason)));
new ResizeObserver(schedule).observe(content);
document.addEventListener("visibilitychange", followVisibility);
onThemeChange(() => {
  paint();
  schedule();
});
onStateChange(schedule);
crosshair.onChange(() => {
  for (const panel of panels.values()) panel.point();
  layers.point();
});
paint();
followVisibility();
host.postMessage({ type: "ready" });
schedule();
