import type { LayerSource } from "../../../protocol/telemetry.ts";
import { seriesKey } from "../store/events.ts";
import type { StoredSeries } from "../store/series.ts";

/** Where a layer comes from, by the newest attempt that told it; `declared`: the run's series in the order of its attempts. */
export function sourceOf(
  declared: readonly StoredSeries[],
  { series, layer }: { series: string; layer: string },
): LayerSource | null {
  for (const { info, rank } of declared.toReversed()) {
    if (!info.code || seriesKey(info.id, rank) !== series) continue;
    for (const [table, names] of Object.entries(info.layers)) {
      const source = info.code.sources[info.code.of[table]?.[names.indexOf(layer)] ?? -1];
      if (source) return source;
    }
  }
  return null;
}
