/**
 * The norms of all layers over the steps: a heat map in the order of the model. Of a large model its rows are modules, which
 * open to their layers; a layer opens to its series below.
 */
import "./layers.css";
import { toJsonNumber } from "../../protocol/shape.ts";
import type { CodeLocation, LayerSource } from "../../protocol/telemetry.ts";
import type { SeriesDetail } from "../../protocol/viewer.ts";
import { type ColorLegend, createColorLegend } from "../charts/color-legend.ts";
import { Crosshair } from "../charts/crosshair.ts";
import { layersCsv } from "../charts/csv.ts";
import { attachGestures } from "../charts/gestures.ts";
import { HeatMapCanvas, type HeatScene, heightFor } from "../charts/heat-map.ts";
import { InView } from "../charts/in-view.ts";
import { describeCell, summaryOf } from "../charts/layer-description.ts";
import { cellsOf, layerRows, rangeOf } from "../charts/layer-rows.ts";
import type { Palette } from "../charts/palette.ts";
import { ChartPanel, type PanelActions } from "../charts/panel.ts";
import type { Drawing } from "../charts/picture.ts";
import { SaveMenu } from "../charts/save-menu.ts";
import type { StepWindow } from "../charts/window.ts";
import { element, patchList, setAttribute, setHidden, setText } from "../dom.ts";
import { formatCount, formatSteps, formatValue } from "../format.ts";
import { type LayerTile, seriesOf } from "../hub/layers.ts";
import { bucketAt, type Tile } from "../hub/tile.ts";
import { t } from "../l10n.ts";
import type { DashboardState } from "../state.ts";

/** The name of this panel's table among those that are open. */
export const LAYERS = "layers";
/** More rows than that are not taken in at a glance. */
const MOST_ROWS = 60;
/** Pixels for a bucket, at least. */
const BUCKET_WIDTH = 3;

const TEXT = {
  title: t("Gradient norms of the layers"),
  surface: t(
    "Gradient norms of the layers. Left and right move the step, up and down the layer; Enter opens it, Shift and Enter go to its code, Backspace goes back. Plus and minus zoom, 0 fits.",
  ),
  none: t("No cell chosen"),
  layers: (n: number) => (n === 1 ? t("{0} layer", formatCount(n)) : t("{0} layers", formatCount(n))),
  modules: (layers: number) =>
    t("{0} layers by module: each cell is the largest norm in it. Choose one to see its layers.", formatCount(layers)),
  capped: (shown: number, all: number) => t("the first {0} of {1} layers", formatCount(shown), formatCount(all)),
  all: t("All layers"),
  path: t("Module shown"),
  table: t("Table"),
  tableOf: t("Table of the gradient norms of the layers"),
  caption: (n: number) => t("Gradient norms of the layers: {0} rows", formatCount(n)),
  columns: [t("Layer"), t("Latest"), t("Lowest"), t("Highest"), t("NaN or infinite")],
  notSampled: t("not sampled"),
  norm: t("Gradient norm"),
  close: (layer: string) => t("Close {0}", layer),
  code: t("Go to code"),
  codeHint: (module: string, owner: string) => t("{0} in {1}", module, owner),
};

type Modules = DashboardState["modules"];

export interface LayersActions extends PanelActions {
  /** Shows the layers of these modules, each inside the one before; none: all layers. */
  open(modules: Modules): void;
  /** Shows the series of a layer; null: none. */
  pick(layer: string | null): void;
  /** What the code says of a layer of the series; null: not known. */
  sourceOf(layer: string, series: SeriesDetail): Promise<LayerSource | null>;
  reveal(location: CodeLocation): void;
}

/** What is to be shown. */
export interface LayersGiven {
  readonly series: SeriesDetail;
  readonly tile: LayerTile;
  readonly window: StepWindow;
}

interface LayersScene extends HeatScene {
  readonly series: SeriesDetail;
}

export class LayersView {
  readonly element: HTMLElement;
  readonly #actions: LayersActions;
  readonly #note = element("span", { class: "aside-label" });
  readonly #readOut = element("p", { class: "read-out" });
  readonly #path = element("nav", { "aria-label": TEXT.path });
  readonly #toggle: HTMLButtonElement;
  readonly #canvas = element("canvas", { role: "img" });
  readonly #surface: HTMLElement;
  readonly #plot: HTMLElement;
  readonly #scale: ColorLegend = createColorLegend();
  readonly #summary = element("p", { class: "told" });
  readonly #picked = element("div", { class: "picked" });
  readonly #rows = element("tbody");
  readonly #caption = element("caption");
  readonly #tableFrame: HTMLElement;
  #palette: Palette | null = null;
  #chart: HeatMapCanvas | null = null;
  #scene: LayersScene | null = null;
  #modules: Modules = [];
  #layer: { readonly name: string; readonly panel: ChartPanel } | null = null;
  #row: number | null = null;
  #drawn: LayersScene | null = null;
  readonly #inView: InView;

  constructor(actions: LayersActions) {
    this.#actions = actions;
    this.#toggle = element("button", { type: "button", class: "quiet", "aria-label": TEXT.tableOf }, TEXT.table);
    this.#toggle.addEventListener("click", () => actions.toggleTable(LAYERS));
    const savable = { drawing: () => this.#drawing(), csv: () => layersCsv(this.#scene!.tile) };
    const menu = new SaveMenu(TEXT.title, savable, (kind, bytes) => actions.save(TEXT.title, kind, bytes));
    this.#surface = element("div", { class: "surface", role: "slider", tabindex: 0, "aria-label": TEXT.surface });
    this.#plot = element("div", { class: "plot" }, this.#canvas, this.#surface);
    const heads = TEXT.columns.map((title) => element("th", { scope: "col" }, title));
    this.#tableFrame = element(
      "div",
      { class: "table", role: "region", tabindex: 0, "aria-label": TEXT.tableOf },
      element("table", {}, this.#caption, element("thead", {}, element("tr", {}, ...heads)), this.#rows),
    );
    const tools = element("div", { class: "tools" }, menu.element, this.#toggle);
    this.element = element(
      "section",
      { class: "panel chart layers", "data-chart": LAYERS, "aria-labelledby": "layers-title", hidden: true },
      element("header", {}, element("h2", { id: "layers-title" }, TEXT.title), this.#note, tools),
      this.#path,
      this.#plot,
      element("div", { class: "below" }, this.#scale.element, this.#readOut),
      this.#summary,
      this.#tableFrame,
      this.#picked,
    );
    this.#inView = new InView(this.element, () => this.#bringUpToDate());
    attachGestures(
      {
        element: this.#surface,
        scene: () => this.#scene,
        stepAt: (clientX) => this.#chart?.stepAt(clientX) ?? 0,
        neighbour: (step, direction) => this.#neighbour(step, direction),
        setWindow: actions.setWindow,
        point: (clientY) => this.#point(clientY === null ? null : (this.#chart?.rowAt(clientY) ?? null)),
        click: (clientY) => this.#open(this.#chart?.rowAt(clientY) ?? null),
        doubleClick: (clientX, clientY) => this.#goTo(this.#chart?.nameAt(clientX, clientY) ?? null),
        press: (key, shift) => this.#press(key, shift),
      },
      actions.crosshair,
    );
    this.#surface.addEventListener("focus", () => this.#point(this.#row ?? 0));
    this.#surface.addEventListener("blur", () => this.#point(null));
  }

  /** How many buckets there is room for. */
  get buckets(): number {
    return Math.max(50, Math.ceil(this.element.clientWidth / BUCKET_WIDTH));
  }

  /** Builds the chart anew in these colours. */
  paint(palette: Palette): void {
    this.#palette = palette;
    this.#chart?.dispose();
    this.#chart = new HeatMapCanvas(this.#canvas, palette, this.#actions.crosshair);
    this.#layer?.panel.paint(palette);
    this.#drawn = null;
    this.#draw();
    this.#chart.mark(this.#row);
  }

  /** `given`: null while the layers are under way, or where there are none. */
  show(
    given: LayersGiven | null,
    { modules, layer, tables }: Pick<DashboardState, "modules" | "layer" | "tables">,
  ): void {
    const range = given && rangeOf(given.tile);
    setHidden(this.element, range === null);
    this.#modules = modules;
    if (given === null || range === null) {
      this.#scene = this.#drawn = null;
      return;
    }
    const old = this.#scene;
    // The same layers in other steps are the same rows, whose axis need not be laid out anew.
    const rows = old && isSame(old.tile.names, given.tile.names) ? old.rows : layerRows(given.tile.names, MOST_ROWS);
    const cells = old?.tile === given.tile ? old.cells : cellsOf(given.tile, rows);
    this.#scene = { ...given, rows, cells, range };
    const tableOpen = tables.includes(LAYERS);
    setAttribute(this.#toggle, "aria-pressed", String(tableOpen));
    setHidden(this.#tableFrame, !tableOpen);
    this.#showPath();
    if (!this.#isDrawn) this.#inView.outdate();
    this.#pick(layer, tables);
    if (tableOpen) this.#fillTable(this.#scene);
  }

  /** The crosshair moved. */
  point(): void {
    if (!this.#scene || this.element.hidden) return;
    this.#readOutCell();
    this.#inView.outdate();
    this.#layer?.panel.point();
  }

  get #isDrawn(): boolean {
    const [old, scene] = [this.#drawn, this.#scene];
    return old?.tile === scene?.tile && old?.window.from === scene?.window.from && old?.window.to === scene?.window.to;
  }

  #bringUpToDate(): void {
    if (!this.#isDrawn) this.#draw();
    else this.#chart?.redraw();
  }

  #draw(): void {
    const scene = this.#scene;
    if (!scene || !this.#chart) return;
    const { tile, window } = scene;
    this.#drawn = scene;
    this.#plot.style.blockSize = `${heightFor(scene.rows.length)}px`;
    this.#chart.draw(scene);
    const { names, total } = tile;
    const grouped = scene.rows.length < names.length;
    const whole = this.#modules.length === 0 && names.length < total;
    setText(
      this.#note,
      [grouped ? TEXT.modules(names.length) : TEXT.layers(names.length), whole && TEXT.capped(names.length, total)]
        .filter(Boolean)
        .join(" · "),
    );
    this.#scale.fill(scene, this.#chart.scale!.colors);
    const told = summaryOf(scene);
    setText(this.#summary, told);
    setAttribute(this.#canvas, "aria-label", `${TEXT.title}, ${formatSteps(window.from, window.to)}. ${told}`);
    this.#readOutCell();
  }

  #showPath(): void {
    setHidden(this.#path, this.#modules.length === 0);
    const stops = [{ name: TEXT.all, modules: [] as Modules }].concat(
      this.#modules.map(({ name }, i) => ({ name, modules: this.#modules.slice(0, i + 1) })),
    );
    patchList(
      this.#path,
      stops,
      () => {
        const button = element("button", { type: "button", class: "link" });
        button.addEventListener("click", () =>
          this.#actions.open(this.#modules.slice(0, Number(button.dataset.depth))),
        );
        return button;
      },
      (button, { name, modules }) => {
        setText(button, name);
        setAttribute(button, "data-depth", modules.length);
        setAttribute(button, "aria-current", modules.length === this.#modules.length ? "location" : null);
      },
    );
  }

  #point(row: number | null): void {
    this.#row = row;
    this.#chart?.mark(row);
    this.#readOutCell();
  }

  #press(key: string, shift: boolean): boolean {
    const last = (this.#scene?.rows.length ?? 0) - 1;
    const row = this.#row ?? 0;
    if (key === "ArrowUp") this.#point(Math.max(0, row - 1));
    else if (key === "ArrowDown") this.#point(Math.min(last, row + 1));
    else if (key === "Enter" && shift) this.#goTo(row);
    else if (key === "Enter") this.#open(row);
    else if (key === "Backspace" && this.#modules.length > 0) this.#actions.open(this.#modules.slice(0, -1));
    else return false;
    return true;
  }

  /** A module opens to its layers, a layer to its series; once more, and that closes. */
  #open(place: number | null): void {
    const row = place === null ? undefined : this.#scene?.rows[place];
    if (!row) return;
    if (row.to - row.from === 1) {
      const name = this.#scene!.tile.names[row.from]!;
      this.#actions.pick(this.#layer?.name === name ? null : name);
      return;
    }
    const first = this.#scene!.tile.first + row.from;
    this.#row = 0;
    this.#actions.open([...this.#modules, { name: row.name, first, layers: row.to - row.from }]);
  }

  /** Goes to the code of a row that is one layer; whether there is such a row. */
  #goTo(place: number | null): boolean {
    const scene = this.#scene;
    const row = place === null ? undefined : scene?.rows[place];
    if (!scene || !row || row.to - row.from !== 1) return false;
    void this.#actions.sourceOf(scene.tile.names[row.from]!, scene.series).then((source) => {
      const location = source && placeOf(source);
      if (location) this.#actions.reveal(location);
    });
    return true;
  }

  #pick(name: string | null, tables: readonly string[]): void {
    const { tile, series, window } = this.#scene!;
    const place = name === null ? -1 : tile.names.indexOf(name);
    if (name === null || place < 0) {
      this.#layer = null;
      this.#picked.replaceChildren();
      return;
    }
    if (this.#layer?.name !== name) this.#layer = this.#createPanel(name);
    const one = seriesOf(tile, place);
    const last = one.metrics.get("norm_pre")!.mean.findLast((mean) => !Number.isNaN(mean));
    const latest = last === undefined ? {} : { norm_pre: toJsonNumber(last) };
    this.#layer.panel.draw(
      { series: { ...series, latest }, tile: one, window, events: [], others: [] },
      tables.includes(`layer`),
    );
  }

  #createPanel(name: string): { name: string; panel: ChartPanel } {
    const panel = new ChartPanel(
      {
        id: "layer",
        title: name,
        axis: "logarithmic",
        size: "medium",
        lines: [{ metric: "norm_pre", name: TEXT.norm, color: "before", band: true }],
        marks: "norm_pre",
        absent: TEXT.notSampled,
      },
      this.#actions,
    );
    const close = element("button", { type: "button", class: "quiet" }, TEXT.close(name));
    close.addEventListener("click", () => {
      this.#surface.focus();
      this.#actions.pick(null);
    });
    const code = element("button", { type: "button", class: "quiet", hidden: true }, TEXT.code);
    void this.#actions.sourceOf(name, this.#scene!.series).then((source) => {
      const location = source && placeOf(source);
      if (!location) return;
      const { module, owner } = source;
      setAttribute(code, "title", TEXT.codeHint(module.split(".").pop()!, owner ?? ""));
      setHidden(code, false);
      code.addEventListener("click", () => this.#actions.reveal(location));
    });
    this.#picked.replaceChildren(panel.element, element("div", { class: "tools" }, code, close));
    if (this.#palette) panel.paint(this.#palette);
    return { name, panel };
  }

  #readOutCell(): void {
    const scene = this.#scene;
    if (!scene) return;
    const { step } = this.#actions.crosshair;
    const row = this.#row === null ? undefined : scene.rows[this.#row];
    const bucket = bucketAt(asTile(scene.tile), step ?? scene.window.to);
    const text = row && bucket >= 0 ? describeCell(scene, this.#row!, bucket) : "";
    setText(this.#readOut, text);
    setAttribute(this.#surface, "aria-valuemin", scene.window.from);
    setAttribute(this.#surface, "aria-valuemax", scene.window.to);
    setAttribute(this.#surface, "aria-valuenow", step ?? scene.window.to);
    setAttribute(this.#surface, "aria-valuetext", text || TEXT.none);
  }

  #drawing(): Drawing {
    const scene = this.#scene!;
    const { window } = scene;
    const palette = this.#palette!;
    const { colors, range } = this.#chart!.scale!;
    const subtitle = `${this.#actions.subject()} · ${formatSteps(window.from, window.to)}`;
    const ramp = { colors, low: formatValue(range.min), high: formatValue(range.max) };
    return {
      caption: { title: TEXT.title, subtitle, entries: [], ramp },
      palette,
      canvas: this.#canvas,
      drawOn: (surface) => {
        const chart = new HeatMapCanvas(surface, palette, new Crosshair());
        chart.draw(scene);
        return chart;
      },
    };
  }

  #neighbour(step: number, direction: 1 | -1): number {
    const tile = this.#scene?.tile;
    if (!tile || tile.from.length === 0) return step;
    const bucket = bucketAt(asTile(tile), step) + direction;
    return tile.from[Math.min(Math.max(bucket, 0), tile.from.length - 1)]!;
  }

  #fillTable(scene: LayersScene): void {
    const { rows, tile, cells } = scene;
    const buckets = tile.from.length;
    setText(this.#caption, TEXT.caption(rows.length));
    patchList(
      this.#rows,
      rows,
      () => element("tr", {}, element("th", { scope: "row" }), ...[1, 2, 3, 4].map(() => element("td"))),
      (line, { name }, row) => {
        const own = <A extends Float64Array | Uint32Array>(all: A) =>
          all.subarray(row * buckets, (row + 1) * buckets) as A;
        const highest = [...own(cells.max)].filter((value) => !Number.isNaN(value));
        const lowest = [...own(cells.min)].filter((value) => !Number.isNaN(value));
        const value = (of: number | undefined) => (of === undefined || !Number.isFinite(of) ? "–" : formatValue(of));
        const texts = [
          name,
          value(highest.at(-1)),
          value(Math.min(...lowest)),
          value(Math.max(...highest)),
          formatCount(own(cells.nonfinite).reduce((sum, n) => sum + n, 0)),
        ];
        for (const [i, text] of texts.entries()) setText(line.children[i]!, text);
      },
    );
  }
}

/** The line that makes the layer, or else the class that does. */
const placeOf = ({ assignment, definition }: LayerSource): CodeLocation | null => assignment ?? definition;

const isSame = (some: readonly string[], others: readonly string[]): boolean =>
  some === others || (some.length === others.length && some.every((name, i) => name === others[i]));

const asTile = ({ from, to }: LayerTile): Tile => ({ from, to, metrics: new Map() });
