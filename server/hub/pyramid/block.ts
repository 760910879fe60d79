/**
 * What a pyramid is stored in. A block holds what one stretch of steps has, in order of the steps: the values themselves
 * (level 0), or summaries of units of steps (levels from 1 on). Stretches without steps have no entry, and no block.
 */
import type { Metric } from "../../../protocol/viewer.ts";
import type { Summary } from "./level.ts";

/** Steps of one block of values. */
const VALUE_STEPS = 1024;
/** Steps of a unit of level 1, units of one level in a unit of the next, and units in a block: powers of two all. */
const UNIT = 32;
const FAN_OUT = 4;
export const BLOCK_UNITS = 64;

/** How many steps a unit of this level (≥ 1) covers: units begin at multiples of it. */
export const unitSteps = (level: number): number => UNIT * FAN_OUT ** (level - 1);
/** How many steps a block of this level covers: blocks begin at multiples of it. */
export const blockSteps = (level: number): number => (level === 0 ? VALUE_STEPS : unitSteps(level) * BLOCK_UNITS);

/** How many steps were recorded, and the first and the last of them. */
export interface Extent {
  steps: number;
  first: number;
  last: number;
}

export const noExtent = (): Extent => ({ steps: 0, first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY });

export interface Block {
  readonly length: number;
  readonly metrics: Iterable<Metric>;
  /** Numbers that it holds in memory, about. */
  readonly size: number;
  /** Index of the first entry at or after this step. */
  position(step: number): number;
  /** Adds the entries `start` ≤ i < `end` to a summary of those before. */
  summarise(metric: Metric, into: Summary, start: number, end: number): void;
  /** Adds them to an extent. */
  extend(into: Extent, start: number, end: number): void;
  /** `metric` was the same as `from` in all of it. */
  copy(metric: Metric, from: Metric): void;
  /** Forgets the entries from this index on. */
  truncate(length: number): void;
  encode(): Uint8Array;
}

/** Index of the first of `length` ascending values that is ≥ `value`. */
export function lowerBound(values: Float64Array, length: number, value: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
