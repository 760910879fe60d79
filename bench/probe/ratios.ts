/** How much longer a step takes than a bare one, from blocks that were trained in turn. */
import { seeded } from "../lint/script.ts";
import type { Block } from "./training.ts";

export interface Ratio {
  readonly value: number;
  /** 95 % of what the bootstrap finds. */
  readonly low: number;
  readonly high: number;
}

type Pair = readonly [bare: Block, treated: Block];
const RESAMPLED = 1000;

/**
 * By the clock: the median over the rounds. One round in which the machine was busy elsewhere can't move it, but it doesn't see
 * what comes in fewer than half of the blocks.
 */
export const byClock = (pairs: readonly Pair[]): Ratio =>
  bootstrap(pairs, (some) => medianOf(some.map(([bare, treated]) => perStep(treated, "wall") / perStep(bare, "wall"))));

/** By the processor time of the whole process: of all rounds together, and so with what comes in few of them. */
export const byProcessor = (pairs: readonly Pair[]): Ratio =>
  bootstrap(pairs, (some) => meanCpu(some, 1) / meanCpu(some, 0));

/** Processor time of a step in seconds. */
export const meanCpu = (pairs: readonly Pair[], which: 0 | 1): number => {
  const blocks = pairs.map((pair) => pair[which]);
  return sum(blocks.map(({ cpu }) => cpu)) / sum(blocks.map(({ steps }) => steps));
};

/** Share of the processor time that other threads took than the one that trains. */
export const ofOtherThreads = (blocks: readonly Block[]): number =>
  1 - sum(blocks.map(({ own }) => own)) / sum(blocks.map(({ cpu }) => cpu));

export const perStep = (block: Block, what: "wall" | "cpu"): number => block[what] / block.steps;

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? at(sorted, middle) : (at(sorted, middle - 1) + at(sorted, middle)) / 2;
}

function bootstrap(pairs: readonly Pair[], statistic: (some: readonly Pair[]) => number): Ratio {
  const random = seeded(1);
  const found = Array.from({ length: RESAMPLED }, () =>
    statistic(pairs.map(() => at(pairs, Math.floor(random() * pairs.length)))),
  ).sort((a, b) => a - b);
  return {
    value: statistic(pairs),
    low: at(found, Math.floor(0.025 * RESAMPLED)),
    high: at(found, Math.floor(0.975 * RESAMPLED)),
  };
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`nothing at ${index} of ${items.length}`);
  return item;
}
