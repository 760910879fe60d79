/** What the heat map shows, in words. */
import { formatCount, formatSteps, formatValue } from "../format.ts";
import { t } from "../l10n.ts";
import type { HeatScene } from "./heat-map.ts";

/** How many layers are named as the largest and as the smallest. */
const MOST_NAMED = 3;

const TEXT = {
  nonFinite: t("NaN or infinite"),
  notSampled: t("not sampled"),
  cell: (layer: string, steps: string, value: string) => t("{0}, {1}: {2}", layer, steps, value),
  span: (low: string, high: string) => t("{0} to {1}", low, high),
  item: (name: string, value: string) => t("{0} ({1})", name, value),
  extremes: (steps: string, largest: string, smallest: string) =>
    t("{0}: the largest are {1}; the smallest {2}.", steps, largest, smallest),
  one: (steps: string, value: string) => t("{0}: {1}.", steps, value),
  withNonFinite: (names: string) => t("NaN or infinite in these steps: {0}.", names),
  withZero: (names: string) => t("Exactly 0 at the last sample: {0}.", names),
  more: (names: string, n: number) => t("{0} and {1} more", names, formatCount(n)),
};

/** The norms of a row in one bucket. */
export function describeCell({ rows, tile, cells }: HeatScene, row: number, bucket: number): string {
  const cell = row * tile.from.length + bucket;
  const [low, high] = [cells.min[cell]!, cells.max[cell]!];
  const parts: string[] = [];
  if (!Number.isNaN(high))
    parts.push(low === high ? formatValue(high) : TEXT.span(formatValue(low), formatValue(high)));
  if (cells.nonfinite[cell]) parts.push(TEXT.nonFinite);
  const steps = formatSteps(tile.from[bucket]!, tile.to[bucket]!);
  return TEXT.cell(rows[row]!.name, steps, parts.join(", ") || TEXT.notSampled);
}

/** Which layers stand out at the last sample, and which went bad. */
export function summaryOf({ rows, tile, cells }: HeatScene): string {
  const buckets = tile.from.length;
  const known = (bucket: number) => rows.some((_, row) => !Number.isNaN(cells.max[row * buckets + bucket]!));
  let last = buckets - 1;
  while (last > 0 && !known(last)) last--;
  const latest = rows
    .map(({ name }, row) => ({ name, norm: cells.max[row * buckets + last]! }))
    .filter(({ norm }) => !Number.isNaN(norm));
  const positive = latest.filter(({ norm }) => norm > 0).sort((a, b) => b.norm - a.norm);
  const named = Math.min(MOST_NAMED, positive.length >> 1);
  const list = (some: typeof latest) => some.map(({ name, norm }) => TEXT.item(name, formatValue(norm))).join(", ");
  const steps = formatSteps(tile.from[last]!, tile.to[last]!);
  const parts: string[] = [];
  if (named > 0)
    parts.push(TEXT.extremes(steps, list(positive.slice(0, named)), list(positive.slice(-named).reverse())));
  else if (positive.length > 0) parts.push(TEXT.one(steps, list(positive)));
  const bad = rows.filter((_, row) =>
    cells.nonfinite.subarray(row * buckets, (row + 1) * buckets).some((count) => count > 0),
  );
  if (bad.length > 0) parts.push(TEXT.withNonFinite(fewOf(bad.map(({ name }) => name))));
  const zero = latest.filter(({ norm }) => norm === 0);
  if (zero.length > 0) parts.push(TEXT.withZero(fewOf(zero.map(({ name }) => name))));
  return parts.join(" ");
}

function fewOf(names: string[]): string {
  const few = names.slice(0, MOST_NAMED).join(", ");
  return names.length > MOST_NAMED ? TEXT.more(few, names.length - MOST_NAMED) : few;
}
