/** A chart with all that belongs to it: title, legend that reads out the crosshair, canvas, and the table beside it. */
import "./panel.css";
import { element, setAttribute, setHidden, setText } from "../dom.ts";
import { formatSteps } from "../format.ts";
import { bucketAt, type Tile } from "../hub/tile.ts";
import { t } from "../l10n.ts";
import { ChartCanvas, type Scene } from "./canvas.ts";
import { coarsen } from "./coarse.ts";
import { Crosshair } from "./crosshair.ts";
import { chartCsv } from "./csv.ts";
import { describeChart, describeStep } from "./description.ts";
import { attachGestures } from "./gestures.ts";
import { InView } from "./in-view.ts";
import { coveredText, createLegend, fillLegend, legendOf } from "./legend.ts";
import { hasValues } from "./lines.ts";
import { isCompared, OVERLAY_DASHES } from "./overlay.ts";
import type { Palette } from "./palette.ts";
import type { Drawing } from "./picture.ts";
import { type SaveKind, SaveMenu } from "./save-menu.ts";
import type { ChartSpec } from "./spec.ts";
import { createTable, fillTable } from "./table.ts";
import type { StepWindow } from "./window.ts";

const TEXT = {
  table: t("Table"),
  tableOf: (title: string) => t("Table of {0}", title),
  surface: (title: string) => t("{0}: step under the crosshair. Plus and minus zoom, 0 fits.", title),
  none: t("No step chosen"),
  loading: t("Loading…"),
  logarithmic: t("log scale"),
};

export interface PanelActions {
  readonly crosshair: Crosshair;
  setWindow(window: StepWindow | null): void;
  toggleTable(chart: string): void;
  /** What the charts are of. */
  subject(): string;
  save(chart: string, kind: SaveKind, bytes: Uint8Array<ArrayBuffer>): void;
}

/** In a picture's legend. */
const LEVEL_DASH = [5, 3];

interface Drawn {
  readonly tile: Tile;
  readonly others: readonly Tile[];
  /** All else that a drawing depends on, as one string. */
  readonly state: string;
}

export class ChartPanel {
  readonly element: HTMLElement;
  readonly #spec: ChartSpec;
  readonly #crosshair: Crosshair;
  readonly #subject: () => string;
  readonly #legend = createLegend();
  readonly #toggle: HTMLButtonElement;
  readonly #menu: SaveMenu;
  readonly #absent = element("p", { class: "absent" });
  readonly #scale = element("span", { class: "scale", hidden: true }, TEXT.logarithmic);
  readonly #canvas: HTMLCanvasElement;
  readonly #plot: HTMLElement;
  readonly #surface: HTMLElement;
  readonly #table = createTable();
  readonly #tableFrame: HTMLElement;
  #palette: Palette | null = null;
  #chart: ChartCanvas | null = null;
  #scene: Scene | null = null;
  readonly #inView: InView;
  #tableOpen = false;
  readonly #coarseTiles = new WeakMap<Tile, { readonly limit: number; readonly coarse: Tile }>();
  /** What the chart and the table were last drawn from. */
  #drawn: Drawn | null = null;

  constructor(spec: ChartSpec, actions: PanelActions) {
    this.#spec = spec;
    this.#crosshair = actions.crosshair;
    this.#subject = actions.subject;
    const title = element("h2", { id: `chart-${spec.id}` }, spec.title);
    this.#toggle = element(
      "button",
      { type: "button", class: "quiet", "aria-label": TEXT.tableOf(spec.title) },
      TEXT.table,
    );
    this.#toggle.addEventListener("click", () => actions.toggleTable(spec.id));
    const savable = { drawing: () => this.#drawing(this.#subject()), csv: () => this.#csv() };
    this.#menu = new SaveMenu(spec.title, savable, (kind, bytes) => actions.save(spec.title, kind, bytes));
    this.#canvas = element("canvas", { role: "img" });
    this.#surface = element("div", {
      class: "surface",
      role: "slider",
      tabindex: 0,
      "aria-label": TEXT.surface(spec.title),
    });
    this.#plot = element("div", { class: "plot", "data-size": spec.size }, this.#canvas, this.#surface);
    this.#tableFrame = element(
      "div",
      { class: "table", role: "region", tabindex: 0, "aria-label": TEXT.tableOf(spec.title) },
      this.#table,
    );
    const tools = element("div", { class: "tools" }, this.#menu.element, this.#toggle);
    const heading = element("header", {}, title, this.#scale, this.#legend, tools);
    this.element = element(
      "section",
      { class: "panel chart", "data-chart": spec.id, "aria-labelledby": `chart-${spec.id}` },
      heading,
      this.#absent,
      this.#plot,
      this.#tableFrame,
    );
    this.#inView = new InView(this.element, () => this.#bringUpToDate());
    attachGestures(
      {
        element: this.#surface,
        scene: () => this.#scene,
        stepAt: (clientX) => this.#chart?.stepAt(clientX) ?? 0,
        neighbour: (step, direction) => this.#neighbour(step, direction),
        setWindow: actions.setWindow,
      },
      actions.crosshair,
    );
  }

  /** Width in pixels. */
  get width(): number {
    return this.element.clientWidth;
  }

  /** Builds the chart anew in these colours. */
  paint(palette: Palette): void {
    this.#palette = palette;
    this.#chart?.dispose();
    this.#chart = new ChartCanvas(this.#canvas, this.#spec, palette, this.#crosshair);
    if (this.#scene) this.#chart.draw(this.#scene);
  }

  /** Shows `given`; null while its tile is under way. */
  draw(given: Scene | null, tableOpen: boolean): void {
    const others = given?.others.map((other) => ({ ...other, tile: this.#coarse(other.tile) })) ?? [];
    const scene = given && { ...given, tile: this.#coarse(given.tile), others };
    this.#scene = scene;
    this.#layOut(scene, tableOpen);
    if (scene === null || !isDrawn(this.#spec, scene)) {
      this.#drawn = null;
      return;
    }
    this.#tableOpen = tableOpen;
    this.#readOut(scene);
    if (this.#stateOf(scene) !== null) this.#inView.outdate();
  }

  /** What a drawing would depend on; null if that is what was drawn last: a push that changes none of it costs no drawing. */
  #stateOf({ tile, others, window, events, series }: Scene): Drawn | null {
    const level = this.#spec.level?.value(series);
    const places = others.map(({ place, name }) => `${place} ${name}`);
    const state = [
      window.from,
      window.to,
      events.length,
      events.at(-1)?.time,
      level,
      this.#tableOpen,
      ...places,
    ].join();
    const tiles = others.map((other) => other.tile);
    const old = this.#drawn;
    const isOld = old?.tile === tile && old.state === state && tiles.every((one, i) => one === old.others[i]);
    return isOld ? null : { tile, others: tiles, state };
  }

  #bringUpToDate(): void {
    const scene = this.#scene;
    if (scene === null || this.element.hidden) return;
    const next = this.#stateOf(scene);
    if (next === null) this.#chart?.redraw();
    else {
      this.#drawn = next;
      this.#chart?.draw(scene);
      setHidden(this.#scale, !this.#chart?.isLogarithmic);
      setAttribute(this.#canvas, "aria-label", describeChart(this.#spec, scene));
      if (this.#tableOpen) fillTable(this.#table, this.#spec, scene);
    }
  }

  /** What there is to see: the chart, or why there is none, or nothing of this run in it. */
  #layOut(scene: Scene | null, tableOpen: boolean): void {
    const { absent } = this.#spec;
    const empty = scene === null || !isDrawn(this.#spec, scene);
    const recorded = scene !== null && isRecorded(this.#spec, scene);
    setHidden(this.element, absent === null && empty);
    const reason = typeof absent === "function" ? scene && absent(scene.series) : absent;
    setText(this.#absent, scene === null ? TEXT.loading : (reason ?? ""));
    setHidden(this.#absent, recorded || (!empty && absent === null));
    setAttribute(this.#plot, "data-empty", empty);
    setHidden(this.#toggle, empty);
    setHidden(this.#menu.element, empty);
    setAttribute(this.#toggle, "aria-pressed", String(tableOpen));
    setHidden(this.#tableFrame, !tableOpen || empty);
    if (!empty) return;
    setHidden(this.#legend, true);
    setHidden(this.#scale, true);
  }

  /** A tile in as many buckets as this chart has room for, made once a tile. */
  #coarse(tile: Tile): Tile {
    const { size, coarse } = this.#spec;
    const limit = coarse ?? (size === "medium" ? Math.max(50, this.width / 2) : Number.POSITIVE_INFINITY);
    const known = this.#coarseTiles.get(tile);
    if (known?.limit === limit) return known.coarse;
    const joined = coarsen(tile, limit);
    this.#coarseTiles.set(tile, { limit, coarse: joined });
    return joined;
  }

  /** The crosshair moved. */
  point(): void {
    const scene = this.#scene;
    if (scene === null || this.element.hidden || !isDrawn(this.#spec, scene)) return;
    this.#readOut(scene);
    this.#inView.outdate();
  }

  #readOut(scene: Scene): void {
    const { step } = this.#crosshair;
    fillLegend(this.#legend, this.#spec, scene, scene.tile.from.length === 0 ? null : step);
    setAttribute(this.#surface, "aria-valuemin", scene.window.from);
    setAttribute(this.#surface, "aria-valuemax", scene.window.to);
    setAttribute(this.#surface, "aria-valuenow", step ?? scene.window.to);
    setAttribute(this.#surface, "aria-valuetext", step === null ? TEXT.none : describeStep(this.#spec, scene, step));
  }

  #csv(): string {
    return chartCsv(this.#spec, this.#scene!, this.#subject());
  }

  #drawing(subject: string): Drawing {
    const scene = this.#scene!;
    const { window } = scene;
    const palette = this.#palette!;
    const entries = legendOf(this.#spec, scene, null).map(({ name, color, line, place, covered }) => ({
      name: covered ? coveredText(name) : name,
      color: palette.colors[color],
      dash: line === "dashed" ? LEVEL_DASH : palette.highContrast && place !== undefined ? OVERLAY_DASHES[place]! : [],
    }));
    const subtitle = `${subject} · ${formatSteps(window.from, window.to)}`;
    return {
      caption: { title: this.#spec.title, subtitle, entries },
      palette,
      canvas: this.#canvas,
      drawOn: (surface) => {
        const chart = new ChartCanvas(surface, this.#spec, palette, new Crosshair());
        chart.draw(scene);
        return chart;
      },
    };
  }

  #neighbour(step: number, direction: 1 | -1): number {
    const tile = this.#scene?.tile;
    if (!tile || tile.from.length === 0) return step;
    const bucket = bucketAt(tile, step) + direction;
    const nearest = Math.min(Math.max(bucket, 0), tile.from.length - 1);
    return Math.round((tile.from[nearest]! + tile.to[nearest]!) / 2);
  }
}

/** The run has some of it, or one that it is compared with. */
const isDrawn = (spec: ChartSpec, scene: Scene): boolean =>
  isRecorded(spec, scene) || scene.others.some((other) => isCompared(spec, other));

/** Does the run have any of the chart's metrics, here or elsewhere? */
const isRecorded = ({ lines }: ChartSpec, { series, tile }: Scene): boolean =>
  lines.some(({ metric }) => series.latest[metric] !== undefined || hasValues(tile.metrics.get(metric)));
