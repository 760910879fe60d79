/** In what runs are compared: how they were set up, and what came of it. */
import { fromJsonNumber } from "../../protocol/shape.ts";
import type { Metric, RunDetail, SeriesDetail } from "../../protocol/viewer.ts";
import { isSwitchedOff } from "../charts/switched-off.ts";
import { fileName, formatCount, formatShare, formatThreshold, formatValue, shortHash } from "../format.ts";
import type { Tile } from "../hub/tile.ts";
import { t } from "../l10n.ts";
import { statusOf } from "./status.ts";
import { suggestedBy } from "./suggestion.ts";

export interface Compared {
  readonly run: RunDetail;
  /** null: the run has none. */
  readonly series: SeriesDetail | null;
  /** Of the steps on screen; null while it is under way. */
  readonly tile: Tile | null;
  /** What changes is heard of. */
  readonly isLive: boolean;
}

/** What runs have of one aspect, in the order of the runs. */
export interface AspectRow {
  readonly name: string;
  readonly cells: readonly Cell[];
  readonly differs: boolean;
}

export interface Cell {
  /** Empty where nothing was recorded. */
  readonly text: string;
  /** Against the first run: a factor, or a difference with its sign; empty where there is nothing to tell. */
  readonly change: string;
}

interface Aspect {
  readonly name: string;
  text(of: Compared): string | false | null | undefined;
  /** Of what is a number: that number, and how one is told against another. */
  readonly number?: (of: Compared) => number | null | undefined;
  readonly change?: (value: number, first: number) => string;
}

const signed = (value: number, text: string): string => `${value < 0 ? "−" : "+"}${text}`;
const difference = (value: number, first: number): string =>
  signed(value - first, formatValue(Math.abs(value - first)));
const countDifference = (value: number, first: number): string =>
  signed(value - first, formatCount(Math.abs(value - first)));
const factor = (value: number, first: number): string =>
  value > 0 && first > 0 ? `×${formatValue(value / first)}` : difference(value, first);
const points = (value: number, first: number): string =>
  signed(value - first, t("{0} pp", formatValue(Math.abs(value - first) * 100)));

type NumberOf = NonNullable<Aspect["number"]>;
const numeric = (
  name: string,
  number: NumberOf,
  format: (value: number) => string,
  change: (value: number, first: number) => string,
): Aspect => ({
  name,
  number,
  change,
  text: (of) => {
    const value = number(of);
    return value === null || value === undefined ? null : format(value);
  },
});

const ASPECTS: readonly Aspect[] = [
  { name: t("Script"), text: ({ run: { summary } }) => summary.script && fileName(summary.script) },
  { name: t("Commit"), text: ({ run: { code } }) => code?.commit && shortHash(code.commit) },
  { name: t("SHA-256 of the script"), text: ({ run: { code } }) => code?.scriptHash && shortHash(code.scriptHash) },
  { name: t("Arguments"), text: ({ run: { args } }) => args.join(" ") },
  { name: t("Optimizer"), text: ({ series }) => series?.optimizer },
  {
    name: t("Clipping"),
    text: ({ series }) => series?.clip?.function.split(".").pop() ?? (series && t("none")),
  },
  {
    name: t("Threshold"),
    text: (of) => {
      const threshold = thresholdOf(of);
      return threshold === null ? isOff(of) && t("off") : formatThreshold(threshold);
    },
    number: thresholdOf,
    change: factor,
  },
  numeric(t("Latest learning rate"), ({ series }) => latest(series, "lr"), formatValue, factor),
  {
    name: t("Framework"),
    text: ({ run: { summary, frameworkVersion } }) => [summary.framework, frameworkVersion].filter(Boolean).join(" "),
  },
  { name: t("Python"), text: ({ run: { python } }) => python },
  numeric(t("Processes"), ({ run: { worldSize } }) => worldSize, formatCount, factor),
  { name: t("Status"), text: ({ run: { summary }, isLive }) => statusOf(summary, isLive) },
  numeric(t("Steps"), ({ series }) => series?.steps ?? 0, formatCount, countDifference),
  numeric(t("Latest loss"), ({ series }) => latest(series, "loss"), formatValue, difference),
  numeric(t("Lowest loss of the steps shown"), ({ tile }) => lowest(tile, "loss"), formatValue, difference),
  numeric(t("Median norm"), ({ series }) => medianOf(series), formatValue, factor),
  numeric(t("Clip rate of the steps shown"), ({ tile }) => meanOf(tile, "clipped"), formatShare, points),
  numeric(t("Suggested threshold"), ({ series }) => series && suggestedBy(series.advice), formatThreshold, factor),
  {
    name: t("NaN or infinite"),
    text: ({ series }) => countOf(series?.nonFinite ?? 0, series?.steps ?? 0),
    number: ({ series }) => shareOf(series?.nonFinite ?? 0, series?.steps ?? 0),
    change: points,
  },
  numeric(t("Skipped steps"), ({ series }) => series?.skipped ?? 0, formatCount, countDifference),
];

/** All aspects, those first in which the runs differ. `runs`: the one that the others are told against comes first. */
export function compareRuns(runs: readonly Compared[]): AspectRow[] {
  const rows = ASPECTS.map(({ name, text, number, change }): AspectRow => {
    const first = number?.(runs[0]!) ?? null;
    const cells = runs.map((run, i): Cell => {
      const value = i === 0 ? null : (number?.(run) ?? null);
      const isTold = change && value !== null && first !== null && Number.isFinite(value) && Number.isFinite(first);
      return { text: text(run) || "", change: isTold && value !== first ? change(value, first) : "" };
    });
    return { name, cells, differs: cells.some((cell) => cell.text !== cells[0]!.text) };
  });
  return [...rows.filter(({ differs }) => differs), ...rows.filter(({ differs }) => !differs)];
}

const latest = (series: SeriesDetail | null, metric: Metric): number | null => {
  const value = series?.latest[metric];
  return value === undefined ? null : fromJsonNumber(value);
};

const medianOf = (series: SeriesDetail | null): number | null => {
  const median = series && fromJsonNumber(series.advice.evidence.median);
  return median === null || Number.isNaN(median) ? null : median;
};

/** Clipping by value has one, too, which is no bound on the norm. */
function thresholdOf({ run, series }: Pick<Compared, "run" | "series">): number | null {
  if (isOff({ run, series })) return null;
  return series?.advice.inForce ?? (series?.clip ? latest(series, "threshold") : null);
}

const isOff = ({ run, series }: Pick<Compared, "run" | "series">): boolean =>
  series !== null && isSwitchedOff(run.events, series.id);

const shareOf = (count: number, of: number): number => (of === 0 ? 0 : count / of);
const countOf = (count: number, of: number): string =>
  count === 0 ? "0" : t("{0} ({1})", formatCount(count), formatShare(shareOf(count, of)));

/** The buckets keep extremes, so this is one value that was seen. */
function lowest(tile: Tile | null, metric: Metric): number | null {
  const buckets = tile?.metrics.get(metric);
  let low = Number.POSITIVE_INFINITY;
  for (const [i, count] of buckets?.count.entries() ?? []) if (count > 0) low = Math.min(low, buckets!.min[i]!);
  return low === Number.POSITIVE_INFINITY ? null : low;
}

function meanOf(tile: Tile | null, metric: Metric): number | null {
  const buckets = tile?.metrics.get(metric);
  let [sum, n] = [0, 0];
  for (const [i, count] of buckets?.count.entries() ?? []) {
    if (count === 0) continue;
    sum += buckets!.mean[i]! * count;
    n += count;
  }
  return n === 0 ? null : sum / n;
}
