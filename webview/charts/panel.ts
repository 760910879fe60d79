/** A chart with all that belongs to it: title, legend that reads out the crosshair, canvas, and the table beside it. */
import "./panel.css";
import { element, setAttribute, setHidden, setText } from "../dom.ts";
import { bucketAt } from "../hub/tile.ts";
import { t } from "../l10n.ts";
import { ChartCanvas, type Scene } from "./canvas.ts";
import { coarsen } from "./coarse.ts";
import type { Crosshair } from "./crosshair.ts";
import { describeChart, describeStep } from "./description.ts";
import { attachGestures } from "./gestures.ts";
import { createLegend, fillLegend } from "./legend.ts";
import { hasValues } from "./lines.ts";
import type { Palette } from "./palette.ts";
import type { ChartSpec } from "./spec.ts";
import { createTable, fillTable } from "./table.ts";
import { type StepWindow, wholeRun } from "./window.ts";

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
}

export class ChartPanel {
  readonly element: HTMLElement;
  readonly #spec: ChartSpec;
  readonly #crosshair: Crosshair;
  readonly #legend = createLegend();
  readonly #toggle: HTMLButtonElement;
  readonly #absent = element("p", { class: "absent" });
  readonly #scale = element("span", { class: "scale", hidden: true }, TEXT.logarithmic);
  readonly #canvas: HTMLCanvasElement;
  readonly #plot: HTMLElement;
  readonly #surface: HTMLElement;
  readonly #table = createTable();
  readonly #tableFrame: HTMLElement;
  #chart: ChartCanvas | null = null;
  #scene: Scene | null = null;

  constructor(spec: ChartSpec, actions: PanelActions) {
    this.#spec = spec;
    this.#crosshair = actions.crosshair;
    const title = element("h2", { id: `chart-${spec.id}` }, spec.title);
    this.#toggle = element(
      "button",
      { type: "button", class: "quiet", "aria-label": TEXT.tableOf(spec.title) },
      TEXT.table,
    );
    this.#toggle.addEventListener("click", () => actions.toggleTable(spec.id));
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
    const heading = element("header", {}, title, this.#scale, this.#legend, this.#toggle);
    this.element = element(
      "section",
      { class: "panel chart", "data-chart": spec.id, "aria-labelledby": `chart-${spec.id}` },
      heading,
      this.#absent,
      this.#plot,
      this.#tableFrame,
    );
    const steps = () => this.#scene?.window ?? wholeRun(0, 1);
    attachGestures(
      {
        element: this.#surface,
        visible: steps,
        whole: () => (this.#scene ? wholeRun(this.#scene.series.firstStep, this.#scene.series.lastStep) : steps()),
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
    this.#chart?.dispose();
    this.#chart = new ChartCanvas(this.#canvas, this.#spec, palette, this.#crosshair);
    if (this.#scene) this.#chart.draw(this.#scene);
  }

  /** Shows `given`; null while its tile is under way. */
  draw(given: Scene | null, tableOpen: boolean): void {
    const { lines, absent, size, coarse } = this.#spec;
    const limit = coarse ?? (size === "medium" ? Math.max(50, this.width / 2) : Number.POSITIVE_INFINITY);
    const scene = given && { ...given, tile: coarsen(given.tile, limit) };
    this.#scene = scene;
    const recorded =
      scene === null ||
      lines.some(
        ({ metric }) => scene.series.latest[metric] !== undefined || hasValues(scene.tile.metrics.get(metric)),
      );
    setHidden(this.element, absent === null && (scene === null || !recorded));
    setText(this.#absent, scene === null ? TEXT.loading : (absent ?? ""));
    setHidden(this.#absent, scene !== null && recorded);
    setAttribute(this.#plot, "data-empty", scene === null || !recorded);
    setHidden(this.#toggle, scene === null || !recorded);
    setAttribute(this.#toggle, "aria-pressed", String(tableOpen));
    setHidden(this.#tableFrame, !tableOpen || scene === null || !recorded);
    if (scene === null || !recorded) {
      setHidden(this.#legend, true);
      setHidden(this.#scale, true);
      return;
    }
    this.#chart?.draw(scene);
    setHidden(this.#scale, !this.#chart?.isLogarithmic);
    setAttribute(this.#canvas, "aria-label", describeChart(this.#spec, scene));
    if (tableOpen) fillTable(this.#table, this.#spec, scene.tile);
    this.#readOut(scene);
  }

  /** The crosshair moved. */
  point(): void {
    if (!this.#scene || this.element.hidden) return;
    this.#chart?.redraw();
    this.#readOut(this.#scene);
  }

  #readOut(scene: Scene): void {
    const { step } = this.#crosshair;
    const bucket = step === null ? -1 : bucketAt(scene.tile, step);
    fillLegend(this.#legend, this.#spec, scene.series, scene.tile, bucket < 0 ? null : bucket);
    setAttribute(this.#surface, "aria-valuemin", scene.window.from);
    setAttribute(this.#surface, "aria-valuemax", scene.window.to);
    setAttribute(this.#surface, "aria-valuenow", step ?? scene.window.to);
    setAttribute(this.#surface, "aria-valuetext", step === null ? TEXT.none : describeStep(this.#spec, scene, step));
  }

  #neighbour(step: number, direction: 1 | -1): number {
    const tile = this.#scene?.tile;
    if (!tile || tile.from.length === 0) return step;
    const bucket = bucketAt(tile, step) + direction;
    const nearest = Math.min(Math.max(bucket, 0), tile.from.length - 1);
    return Math.round((tile.from[nearest]! + tile.to[nearest]!) / 2);
  }
}
