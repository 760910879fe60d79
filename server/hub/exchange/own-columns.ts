/** What Gradsight's own CSV and JSON Lines have beside the scalars: where a step belongs, and the bits of its flags by name. */
import { STEP_FLAGS } from "../../../protocol/scalars.ts";
import type { Part } from "./log-format.ts";

export const PLACE_COLUMNS = ["rank", "attempt", "series", "step", "time"] as const;

export const FLAG_COLUMNS = {
  skipped: STEP_FLAGS.skipped,
  post_derived: STEP_FLAGS.postDerived,
  by_value: STEP_FLAGS.byValue,
} as const;
export const FLAG_NAMES = Object.keys(FLAG_COLUMNS) as (keyof typeof FLAG_COLUMNS)[];

export const MOST_RANKS = 65_536;

/** undefined where the row is none of ours. `isSet`: whether a flag of this name is. */
export function ownRow(
  { rank, attempt, series }: { rank: unknown; attempt: unknown; series: unknown },
  isSet: (flag: string) => boolean,
): { part: Part; flags: number } | undefined {
  if (!isCount(rank) || rank >= MOST_RANKS || !isCount(attempt) || typeof series !== "string" || series === "")
    return undefined;
  const part: Part = { rank, attempt, series: series.slice(0, 48) };
  return { part, flags: FLAG_NAMES.reduce((bits, name) => bits | (isSet(name) ? FLAG_COLUMNS[name] : 0), 0) };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
