/**
 * How the norms are spread, with a handle on the threshold: drag it, and see what that threshold would have done to the
 * steps that were recorded. The handle is a slider, to the keyboard and to a screen reader too.
 */
import "./distribution.css";
import type { NormDistribution } from "../../protocol/advice.ts";
import { fromJsonNumber } from "../../protocol/shape.ts";
import type { CodeLocation } from "../../protocol/telemetry.ts";
import type { RunDetail, SeriesDetail } from "../../protocol/viewer.ts";
import { type Bar, barsOf } from "../charts/bars.ts";
import { distributionCsv } from "../charts/csv.ts";
import { HistogramCanvas } from "../charts/histogram.ts";
import { InView } from "../charts/in-view.ts";
import type { Palette } from "../charts/palette.ts";
import type { PanelActions } from "../charts/panel.ts";
import type { Drawing } from "../charts/picture.ts";
import { SaveMenu } from "../charts/save-menu.ts";
import { type Effect, effectOf, thresholdBeside, thresholdWithin } from "../charts/what-if.ts";
import { element, patchList, setAttribute, setHidden, setText } from "../dom.ts";
import { formatCount, formatShare, formatThreshold, formatValue } from "../format.ts";
import { t } from "../l10n.ts";
import { OutcomeView, type WriteOutcome } from "./outcome.ts";
import { hasCode, suggestedBy } from "./suggestion.ts";

/** The name of this panel's table among those that are open. */
export const DISTRIBUTION = "distribution";
/** About how many pixels a bar is wide. */
const BAR_WIDTH = 8;

const TEXT = {
  title: t("Distribution of the norms"),
  steps: (n: number) =>
    n === 1 ? t("{0} step, before clipping", formatCount(n)) : t("{0} steps, before clipping", formatCount(n)),
  rounded: (share: string) => t("norms to within {0}", share),
  loading: t("Loading…"),
  none: t("No gradient norm before clipping that could be counted has been recorded."),
  handle: t("Threshold to try"),
  hint: t("Drag the handle, or move it with the arrow keys, to try another threshold on these steps."),
  tryIt: (threshold: number, effect: string) => t("{0}: {1}", formatThreshold(threshold), effect),
  effect: (clipped: string, factor: string) => t("{0} of the steps clipped, mean clip factor {1}", clipped, factor),
  columns: [t("Threshold"), t("Steps clipped"), t("Mean clip factor")],
  factorHint: t("What clipping leaves of the gradient's length, averaged over all steps: 1 where nothing is clipped."),
  inForce: t("In force"),
  suggested: t("Suggested"),
  tried: t("Tried"),
  effects: t("What each threshold would have done"),
  write: (threshold: number) => t("Write {0} to code", formatThreshold(threshold)),
  writing: t("Writing…"),
  reset: t("Back to the suggestion"),
  resetNone: t("Put the handle back"),
  table: t("Table"),
  tableOf: t("Table of the distribution of the norms"),
  caption: (bars: string) => t("Distribution of the norms: {0} rows", bars),
  tableColumns: [t("Norm"), t("Steps"), t("Share of the steps"), t("Steps at or above")],
  span: (from: string, to: string) => t("{0} to {1}", from, to),
  described: (steps: string, low: string, high: string, median: string, p99: string) =>
    t("{0} norms between {1} and {2}; median {3}, 99th percentile {4}.", steps, low, high, median, p99),
};

export interface DistributionActions {
  /** null: the suggestion's, or the one in force. */
  tryOut(threshold: number | null): void;
  write(series: SeriesDetail, threshold: number): void;
  reveal(location: CodeLocation): void;
  toggleTable: PanelActions["toggleTable"];
  subject: PanelActions["subject"];
  save: PanelActions["save"];
}

/** What is on screen. */
interface Shown {
  readonly run: RunDetail;
  readonly series: SeriesDetail;
  readonly norms: NormDistribution;
  readonly whatIf: number | null;
  readonly writing: boolean;
  readonly tableOpen: boolean;
}

interface Row {
  readonly name: string;
  readonly swatch: "in-force" | "suggested" | "tried";
  readonly threshold: number;
}

export class DistributionView {
  readonly element: HTMLElement;
  readonly #actions: DistributionActions;
  readonly #note = element("span", { class: "aside-label" });
  readonly #toggle: HTMLButtonElement;
  readonly #menu: SaveMenu;
  readonly #absent = element("p", { class: "absent" });
  readonly #canvas = element("canvas", { role: "img" });
  readonly #handle: HTMLElement;
  readonly #plot: HTMLElement;
  readonly #body: HTMLElement;
  readonly #effects = element("tbody");
  readonly #write = element("button", { type: "button", class: "secondary" });
  readonly #reset = element("button", { type: "button", class: "quiet" });
  readonly #outcome: OutcomeView;
  readonly #rows = element("tbody");
  readonly #caption = element("caption");
  readonly #tableFrame: HTMLElement;
  #palette: Palette | null = null;
  #chart: HistogramCanvas | null = null;
  #shown: Shown | null = null;
  readonly #inView: InView;
  #bars: { readonly norms: NormDistribution; readonly most: number; readonly bars: Bar[] } | null = null;

  constructor(actions: DistributionActions) {
    this.#actions = actions;
    this.#outcome = new OutcomeView(actions.reveal);
    this.#handle = element(
      "div",
      { class: "handle", role: "slider", tabindex: 0, "aria-label": TEXT.handle, title: TEXT.hint },
      element("span", { class: "grip" }),
    );
    this.#plot = element("div", { class: "plot", "data-size": "medium" }, this.#canvas, this.#handle);
    this.#toggle = element("button", { type: "button", class: "quiet", "aria-label": TEXT.tableOf }, TEXT.table);
    this.#toggle.addEventListener("click", () => actions.toggleTable(DISTRIBUTION));
    this.#write.addEventListener("click", () => {
      if (this.#shown && this.#isWritable) actions.write(this.#shown.series, this.#tried(this.#shown));
    });
    this.#reset.addEventListener("click", () => {
      this.#handle.focus();
      actions.tryOut(null);
    });
    const savable = { drawing: () => this.#drawing(), csv: () => distributionCsv(this.#shown!.norms) };
    this.#menu = new SaveMenu(TEXT.title, savable, (kind, bytes) => actions.save(TEXT.title, kind, bytes));
    const heads = (titles: string[]) =>
      element("thead", {}, element("tr", {}, ...titles.map((title) => element("th", { scope: "col" }, title))));
    this.#tableFrame = element(
      "div",
      { class: "table", role: "region", tabindex: 0, "aria-label": TEXT.tableOf },
      element("table", {}, this.#caption, heads(TEXT.tableColumns), this.#rows),
    );
    const effectHeads = heads(["", ...TEXT.columns]);
    effectHeads.rows[0]!.cells[0]!.replaceWith(element("td"));
    effectHeads.rows[0]!.cells[3]!.title = TEXT.factorHint;
    this.#body = element(
      "div",
      { class: "body" },
      this.#plot,
      element(
        "div",
        { class: "beside" },
        element(
          "table",
          { class: "effects" },
          element("caption", { class: "unseen" }, TEXT.effects),
          effectHeads,
          this.#effects,
        ),
        element("div", { class: "buttons" }, this.#write, this.#reset),
        this.#outcome.element,
      ),
    );
    const tools = element("div", { class: "tools" }, this.#menu.element, this.#toggle);
    this.element = element(
      "section",
      { class: "panel chart distribution", "data-chart": DISTRIBUTION, "aria-labelledby": "distribution-title" },
      element("header", {}, element("h2", { id: "distribution-title" }, TEXT.title), this.#note, tools),
      this.#absent,
      this.#body,
      this.#tableFrame,
    );
    this.#inView = new InView(this.element, () => this.#draw());
    this.#attachPointer();
    this.#attachKeyboard();
  }

  /** Builds the chart anew in these colours. */
  paint(palette: Palette): void {
    this.#palette = palette;
    this.#chart?.dispose();
    this.#chart = new HistogramCanvas(this.#canvas, palette, () => this.#draw());
    this.#draw();
  }

  /** `norms`: null while they are under way. `whatIf`: the threshold that the reader tries. */
  show(
    run: RunDetail,
    series: SeriesDetail,
    norms: NormDistribution | null,
    whatIf: number | null,
    outcome: WriteOutcome | null,
    tableOpen: boolean,
  ): void {
    const empty = norms === null || norms.norms.length === 0;
    setText(this.#absent, norms === null ? TEXT.loading : TEXT.none);
    setHidden(this.#absent, !empty);
    setHidden(this.#note, empty);
    setHidden(this.#body, empty);
    setHidden(this.#toggle, empty);
    setHidden(this.#menu.element, empty);
    setAttribute(this.#toggle, "aria-pressed", String(tableOpen));
    setHidden(this.#tableFrame, empty || !tableOpen);
    this.#outcome.show(outcome?.from === "what-if" ? outcome : null);
    if (empty) {
      this.#shown = null;
      return;
    }
    const shown: Shown = {
      run,
      series,
      norms,
      whatIf,
      writing: outcome !== null && outcome.result === null,
      tableOpen,
    };
    // Who moves about the steps changes nothing here.
    const old = this.#shown;
    if (old !== null && isSame(old, shown)) return;
    this.#shown = shown;
    if (old?.run.summary.id === run.summary.id && isSameChoice(old, shown)) this.#inView.outdate();
    else this.#inView.drawNow();
  }

  #draw(): void {
    const { run, series, norms, whatIf, writing } = this.#shown ?? {};
    if (!this.#shown || !this.#chart || !run || !series || !norms) return;
    const { inForce } = series.advice;
    const suggested = suggestedBy(series.advice);
    const steps = norms.counts.reduce((sum, count) => sum + count, 0);
    const rounded = norms.resolution > 0 ? ` · ${TEXT.rounded(formatShare(norms.resolution / 2))}` : "";
    setText(this.#note, TEXT.steps(steps) + rounded);
    const histogram = { bars: this.#barsOf(norms), inForce, suggested };
    this.#chart.draw({ ...histogram, tried: this.#tried(this.#shown) });
    // A threshold that was tried before may lie outside of the axis, which is known only now.
    const tried = this.#tried(this.#shown);
    this.#chart.draw({ ...histogram, tried });
    setAttribute(this.#canvas, "aria-label", describe(series, norms, steps));
    this.#placeHandle(norms, tried);
    this.#fillEffects(norms, tried, inForce, suggested);
    setText(this.#write, writing ? TEXT.writing : TEXT.write(tried));
    setHidden(this.#write, !hasCode(run, series));
    setAttribute(this.#write, "aria-disabled", String(!this.#isWritable));
    setText(this.#reset, suggested === null ? TEXT.resetNone : TEXT.reset);
    setHidden(this.#reset, whatIf == null);
    if (this.#shown.tableOpen) this.#fillTable(this.#shown);
  }

  /** The threshold under the handle. */
  #tried({ series: { advice }, whatIf }: Shown): number {
    const { range } = this.#chart!;
    const known = suggestedBy(advice) ?? advice.inForce;
    if (whatIf === null && known !== null && known >= range.min && known <= range.max) return known;
    return thresholdWithin(whatIf ?? known ?? fromJsonNumber(advice.evidence.median), range);
  }

  get #isWritable(): boolean {
    const shown = this.#shown;
    return shown !== null && !shown.writing && this.#tried(shown) !== shown.series.advice.inForce;
  }

  #barsOf(norms: NormDistribution): Bar[] {
    const most = Math.max(20, Math.floor(this.#plot.clientWidth / BAR_WIDTH));
    if (this.#bars?.norms !== norms || this.#bars.most !== most)
      this.#bars = { norms, most, bars: barsOf(norms, most) };
    return this.#bars.bars;
  }

  #drawing(): Drawing {
    const { series, norms } = this.#shown!;
    const palette = this.#palette!;
    const { colors } = palette;
    const { inForce } = series.advice;
    const suggested = suggestedBy(series.advice);
    const tried = this.#tried(this.#shown!);
    const effect = (at: number) => TEXT.tryIt(at, inWords(effectOf(norms, at)!));
    const entries = [
      { name: `${TEXT.tried} ${effect(tried)}`, color: colors.after, dash: [] },
      inForce !== null && { name: `${TEXT.inForce} ${effect(inForce)}`, color: colors["in-force"], dash: [] },
      suggested !== null && { name: `${TEXT.suggested} ${effect(suggested)}`, color: colors.suggested, dash: [5, 3] },
    ].filter((entry) => entry !== false);
    const subtitle = `${this.#actions.subject()} · ${this.#note.textContent}`;
    return {
      caption: { title: TEXT.title, subtitle, entries },
      palette,
      canvas: this.#canvas,
      drawOn: (surface) => {
        const chart = new HistogramCanvas(surface, palette, () => {});
        chart.draw({ bars: this.#barsOf(norms), inForce, suggested, tried });
        return chart;
      },
    };
  }

  #placeHandle(norms: NormDistribution, tried: number): void {
    const { range, area } = this.#chart!;
    const { style } = this.#handle;
    style.left = `${this.#chart!.xOf(tried)}px`;
    style.top = `${area.top}px`;
    style.height = `${area.bottom - area.top}px`;
    setAttribute(this.#handle, "aria-valuemin", thresholdWithin(range.min, range));
    setAttribute(this.#handle, "aria-valuemax", thresholdWithin(range.max, range));
    setAttribute(this.#handle, "aria-valuenow", tried);
    const effect = effectOf(norms, tried);
    if (effect) setAttribute(this.#handle, "aria-valuetext", TEXT.tryIt(tried, inWords(effect)));
  }

  #fillEffects(norms: NormDistribution, tried: number, inForce: number | null, suggested: number | null): void {
    const rows: Row[] = [];
    if (inForce !== null) rows.push({ name: TEXT.inForce, swatch: "in-force", threshold: inForce });
    if (suggested !== null) rows.push({ name: TEXT.suggested, swatch: "suggested", threshold: suggested });
    rows.push({ name: TEXT.tried, swatch: "tried", threshold: tried });
    patchList(this.#effects, rows, createEffectRow, (row, { name, swatch, threshold }) => {
      const [head, ...cells] = row.cells;
      const effect = effectOf(norms, threshold)!;
      setAttribute(row, "data-row", swatch);
      setAttribute(head!.firstElementChild!, "data-color", swatch);
      setAttribute(head!.firstElementChild!, "data-line", swatch === "suggested" ? "dashed" : "solid");
      setText(head!.lastElementChild!, name);
      const values = [formatThreshold(threshold), formatShare(effect.clipped), formatValue(effect.factor)];
      for (const [i, value] of values.entries()) setText(cells[i]!, value);
    });
  }

  #fillTable({ norms }: Shown): void {
    const bars = this.#barsOf(norms);
    const all = bars.reduce((sum, { count }) => sum + count, 0);
    let above = all;
    setText(this.#caption, TEXT.caption(formatCount(bars.length)));
    patchList(
      this.#rows,
      bars,
      () => element("tr", {}, element("th", { scope: "row" }), element("td"), element("td"), element("td")),
      (row, { from, to, count }) => {
        const cells = [
          TEXT.span(formatValue(from), formatValue(to)),
          formatCount(count),
          formatShare(count / all),
          formatCount(above),
        ];
        for (const [i, cell] of cells.entries()) setText(row.cells[i]!, cell);
        above -= count;
      },
    );
  }

  /** A press anywhere in the plot takes the handle there: it is a slider's track. */
  #attachPointer(): void {
    let dragging = false;
    const follow = ({ clientX }: PointerEvent) => {
      const norm = this.#chart?.normAt(clientX) ?? Number.NaN;
      if (!Number.isNaN(norm)) this.#actions.tryOut(thresholdWithin(norm, this.#chart!.range));
    };
    this.#plot.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !this.#shown) return;
      dragging = true;
      this.#plot.setPointerCapture(event.pointerId);
      this.#handle.focus({ preventScroll: true });
      event.preventDefault();
      follow(event);
    });
    this.#plot.addEventListener("pointermove", (event) => dragging && follow(event));
    for (const end of ["pointerup", "pointercancel"]) this.#plot.addEventListener(end, () => (dragging = false));
  }

  #attachKeyboard(): void {
    this.#handle.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !this.#shown || !this.#chart) return;
      const { range } = this.#chart;
      const tried = this.#tried(this.#shown);
      const targets: Record<string, () => number | null> = {
        ArrowLeft: () => thresholdBeside(tried, -0.01, range),
        ArrowDown: () => thresholdBeside(tried, -0.01, range),
        ArrowRight: () => thresholdBeside(tried, 0.01, range),
        ArrowUp: () => thresholdBeside(tried, 0.01, range),
        PageDown: () => thresholdBeside(tried, -0.1, range),
        PageUp: () => thresholdBeside(tried, 0.1, range),
        Home: () => thresholdWithin(range.min, range),
        End: () => thresholdWithin(range.max, range),
        Escape: () => null,
      };
      const target = targets[event.key];
      if (!target) return;
      event.preventDefault();
      this.#actions.tryOut(target());
    });
  }
}

/** What the user has chosen here. */
const isSameChoice = (a: Shown, b: Shown): boolean =>
  a.whatIf === b.whatIf && a.writing === b.writing && a.tableOpen === b.tableOpen;

const isSame = (a: Shown, b: Shown): boolean => (Object.keys(b) as (keyof Shown)[]).every((key) => a[key] === b[key]);

function createEffectRow(): HTMLTableRowElement {
  const swatch = element("span", { class: "swatch", "aria-hidden": "true" });
  const name = element("th", { scope: "row" }, swatch, element("span"));
  return element("tr", {}, name, element("td"), element("td"), element("td"));
}

const inWords = ({ clipped, factor }: Effect): string => TEXT.effect(formatShare(clipped), formatValue(factor));

function describe({ advice: { evidence } }: SeriesDetail, { norms }: NormDistribution, steps: number): string {
  const [low, high] = [norms[0]!, norms.at(-1)!];
  const [median, p99] = [fromJsonNumber(evidence.median), fromJsonNumber(evidence.p99)];
  const [from, to, middle, tail] = [low, high, median, p99].map(formatValue) as [string, string, string, string];
  return `${TEXT.title}. ${TEXT.described(formatCount(steps), from, to, middle, tail)}`;
}
