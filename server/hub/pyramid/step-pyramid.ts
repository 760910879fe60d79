import type { Metric } from "../../../protocol/viewer.ts";
import { type Block, blockSteps, type Extent, noExtent, unitSteps } from "./block.ts";
import type { Summary } from "./level.ts";
import { UnitBlock } from "./unit-block.ts";
import { type MetricColumn, ValueBlock } from "./value-block.ts";

export type { MetricColumn } from "./value-block.ts";

/** Where blocks are that this pyramid no longer holds; `index`: the block's stretch, counted from step 0. */
export interface BlockSource {
  /** One that is full and never changes. */
  full(level: number, index: number): Block | null;
  /** One that is to be continued: nobody else has what is given. */
  last(level: number, index: number): Block | null;
}

export const NOTHING: BlockSource = { full: () => null, last: () => null };

/** Entries `start` ≤ i < `end` of the block of this level and stretch. */
export interface Piece {
  readonly level: number;
  readonly index: number;
  readonly block: Block;
  readonly start: number;
  readonly end: number;
}

/** A metric that was the same as another one up to a step. */
export interface Parting {
  readonly metric: Metric;
  readonly from: Metric;
  readonly until: number;
}

/**
 * One attempt of a series: its steps, strictly increasing, and the values of the metrics that it recorded, under a pyramid
 * of summaries. Units of steps are aligned to multiples of their size, so that any range is summarised in O(log n) and without a
 * look at its values but at its ends; no extreme is ever averaged away. Blocks that are full are held until they are
 * saved, and are then looked up in the source: memory doesn't grow with the run.
 */
export class StepPyramid {
  /** Of all steps. */
  readonly extent: Extent;
  private readonly source: BlockSource;
  /** The blocks that the next step may go into; null where there are steps, but the blocks have not been looked up. */
  private values: ValueBlock | null = null;
  /** By level - 1. */
  private units: UnitBlock[] = [];
  private readonly partings: Parting[];
  private readonly full = new Map<string, { level: number; index: number; block: Block }>();
  private changed = false;

  /** Without `extent` a new one; else the one of which the source has everything. */
  constructor(source: BlockSource = NOTHING, extent: Extent = noExtent(), parted: readonly Parting[] = []) {
    this.source = source;
    this.extent = { ...extent };
    this.partings = [...parted];
  }

  get parted(): readonly Parting[] {
    return this.partings;
  }

  append(steps: Float64Array, columns: readonly MetricColumn[]): void {
    for (let from = 0, to = 0; from < steps.length; from = to) {
      const first = steps[from]!;
      if (this.extent.steps > 0) this.closeBefore(first);
      const unitEnd = (Math.floor(first / unitSteps(1)) + 1) * unitSteps(1);
      for (to = from + 1; to < steps.length && steps[to]! < unitEnd; ) to += 1;
      this.open().append(steps, columns, from, to);
      this.extent.first = Math.min(this.extent.first, first);
      this.extent.last = steps[to - 1]!;
      this.extent.steps += to - from;
      this.changed = true;
    }
  }

  /** `metric` was the same as `from` so far. Blocks that are full stay as they are: they have it as `from`. */
  copy(metric: Metric, from: Metric): void {
    if (this.extent.steps === 0) return;
    for (const block of [this.open(), ...this.units]) block.copy(metric, from);
    this.partings.push({ metric, from, until: this.extent.last });
    this.changed = true;
  }

  /** Adds a piece of this pyramid to a summary of those before. */
  summarise(metric: Metric, into: Summary, { level, index, block, start, end }: Piece): void {
    const then = this.partings.find((parting) => parting.metric === metric);
    if (then && index < Math.floor(then.until / blockSteps(level)))
      this.summarise(then.from, into, { level, index, block, start, end });
    else block.summarise(metric, into, start, end);
  }

  /** The recorded steps `from` ≤ step ≤ `to`, in few pieces: of no level above `top`. */
  *pieces(from: number, to: number, top = Number.POSITIVE_INFINITY): Generator<Piece> {
    const end = Math.min(Math.floor(to), this.extent.last) + 1;
    let step = Math.max(Math.ceil(from), this.extent.first);
    while (step < end) {
      let level = 0;
      while (level < top && this.hasUnit(level + 1, step, end)) level += 1;
      const stop = this.stopOf(level, step, end);
      const index = Math.floor(step / blockSteps(level));
      const block = this.block(level, index);
      if (block) {
        const piece = { level, index, block, start: block.position(step), end: block.position(stop) };
        if (piece.end > piece.start) yield piece;
      }
      step = stop;
    }
  }

  extentOf(from: number, to: number): Extent {
    const extent = noExtent();
    for (const { block, start, end } of this.pieces(from, to)) block.extend(extent, start, end);
    return extent;
  }

  /** The recorded steps `from` ≤ step ≤ `to`, each. */
  *stepsOf(from: number, to: number, top = Number.POSITIVE_INFINITY): Generator<number> {
    for (const { level, block, start, end } of this.pieces(from, to, top)) {
      if (block instanceof ValueBlock) yield* block.stepsIn(start, end);
      else if (block instanceof UnitBlock)
        for (const { first, last } of block.extents(start, end)) yield* this.stepsOf(first, last, level - 1);
    }
  }

  /** Blocks that the source doesn't have as they are now. */
  *unsaved(): Generator<{ level: number; index: number; block: Block }> {
    yield* this.full.values();
    if (!this.changed) return;
    for (const [level, block] of [this.values, ...this.units].entries())
      if (block && block.length > 0) yield { level, index: Math.floor(this.extent.last / blockSteps(level)), block };
  }

  /** How many full blocks wait to be saved. */
  get waiting(): number {
    return this.full.size;
  }

  saved(): void {
    this.full.clear();
    this.changed = false;
  }

  /** Whether a unit of this level begins here, is within the range, and complete. */
  private hasUnit(level: number, step: number, end: number): boolean {
    const size = unitSteps(level);
    return step % size === 0 && step + size <= Math.min(end, this.closedEnd(level));
  }

  /** Where the longest stretch of this level ends that begins at `step` and lies in one block. */
  private stopOf(level: number, step: number, end: number): number {
    const after = (size: number) => (Math.floor(step / size) + 1) * size;
    const blockEnd = after(blockSteps(level));
    // What is above and complete begins at the next multiple at the earliest.
    const above = after(unitSteps(level + 1));
    if (level === 0) {
      const complete = above <= this.closedEnd(1);
      return Math.min(end, complete ? above : blockEnd);
    }
    const size = unitSteps(level);
    return Math.min(blockEnd, above, Math.floor(end / size) * size, this.closedEnd(level));
  }

  /** Up to here the units of this level are complete: the last step is in the one that begins here. */
  private closedEnd(level: number): number {
    return Math.floor(this.extent.last / unitSteps(level)) * unitSteps(level);
  }

  private block(level: number, index: number): Block | null {
    const full = this.full.get(`${level} ${index}`);
    if (full) return full.block;
    if (index < Math.floor(this.extent.last / blockSteps(level))) return this.source.full(level, index);
    const values = this.open();
    return (level === 0 ? values : this.units[level - 1]) ?? null;
  }

  /** The block of the newest values, those above it being there, too. */
  private open(): ValueBlock {
    if (this.values) return this.values;
    const { steps, first, last } = this.extent;
    const stored = (level: number) =>
      steps > 0 ? this.source.last(level, Math.floor(last / blockSteps(level))) : null;
    const kept = stored(0);
    const values = kept instanceof ValueBlock ? kept : new ValueBlock();
    // Another hub may have saved more than is known here.
    values.truncate(values.position(last + 1));
    if (steps > 0)
      for (let level = 1; Math.floor(first / unitSteps(level)) !== Math.floor(last / unitSteps(level)); level += 1) {
        const kept = stored(level);
        const units = kept instanceof UnitBlock ? kept : new UnitBlock(level);
        units.truncate(units.position(this.closedEnd(level)));
        this.units.push(units);
      }
    this.values = values;
    return values;
  }

  /** Completes the units, and then the blocks, that end before `next`. */
  private closeBefore(next: number): void {
    let below: Block = this.open();
    const { last } = this.extent;
    const ends = (size: number) => Math.floor(last / size) !== Math.floor(next / size);
    for (let level = 1; ends(unitSteps(level)); level += 1) {
      const begin = Math.floor(last / unitSteps(level)) * unitSteps(level);
      this.units[level - 1] ??= new UnitBlock(level);
      const units = this.units[level - 1]!;
      units.push(below, below.position(begin), below.length);
      below = units;
    }
    for (let level = 0; level <= this.units.length; level += 1) {
      if (!ends(blockSteps(level))) continue;
      const index = Math.floor(last / blockSteps(level));
      const block = level === 0 ? this.values! : this.units[level - 1]!;
      this.full.set(`${level} ${index}`, { level, index, block });
      if (level === 0) this.values = new ValueBlock();
      else this.units[level - 1] = new UnitBlock(level);
    }
  }
}
