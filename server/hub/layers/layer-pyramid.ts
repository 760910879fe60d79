import { type Column, decodeFrame, encodeFrame, FrameError } from "../../../protocol/frame.ts";
import { BucketBlock, type LayerBlock, SampleBlock } from "./layer-block.ts";
import { LayerBuckets } from "./layer-buckets.ts";

/** Blocks of one level that make one of the next. */
const FAN_OUT = 16;
/** Samples of a block, and buckets: fewer of a model of many layers. */
const MOST_ENTRIES = 128;
const MOST_VALUES = 2 ** 15;

/** The block was kept by a model that is no longer the run's. */
export class BlockGone extends Error {}

/** Where the blocks are that are no longer held here. */
export type LayerBlockSource = (level: number, index: number) => Uint8Array | null;

/** What a block holds of the steps `from` ≤ step ≤ `to`, but for the buckets that are cut by these. */
export interface PartOfBlock {
  readonly block: LayerBlock;
  readonly from: number;
  readonly to: number;
}

/** Of a full block: the first and the last sampled step, and its width. */
interface Extent {
  readonly from: number;
  readonly to: number;
  readonly width: number;
}

/**
 * The samples of one layer table of one attempt, as they come, under blocks of buckets: each {@link FAN_OUT} blocks are one of the
 * next level, in about as many buckets as there are samples in a block. Any window is then put together of few blocks, and
 * is, bucket by bucket, what its samples would have made: a block of buckets stands for its samples only where the window
 * holds all of them in buckets that are no narrower. Blocks never change, and are held until they are saved.
 */
export class LayerPyramid {
  private readonly layers: number;
  private readonly source: LayerBlockSource;
  private readonly entries: number;
  private readonly every: Int32Array;
  /** The full blocks of each level. */
  private readonly levels: Extent[][] = [];
  /** The samples that are in no block yet, and room for as many as a block has. */
  private tailSteps: Float64Array;
  private tailNorms: Float32Array;
  private tailLength = 0;
  private held = new Map<string, { level: number; index: number; block: LayerBlock }>();

  /** `entries`: samples of a block, and buckets at most. */
  constructor(layers: number, source: LayerBlockSource, entries = entriesFor(layers)) {
    this.layers = layers;
    this.source = source;
    this.entries = entries;
    this.every = Int32Array.from({ length: layers }, (_, layer) => layer);
    this.tailSteps = new Float64Array(entries);
    this.tailNorms = new Float32Array(entries * layers);
  }

  /** Later samples than all so far. `values`: [samples, layers], row-major. */
  append(steps: Float64Array, values: Float32Array): void {
    const { layers, entries } = this;
    for (let i = 0; i < steps.length; ) {
      const taken = Math.min(entries - this.tailLength, steps.length - i);
      this.tailSteps.set(steps.subarray(i, i + taken), this.tailLength);
      this.tailNorms.set(values.subarray(i * layers, (i + taken) * layers), this.tailLength * layers);
      this.tailLength += taken;
      i += taken;
      if (this.tailLength < entries) continue;
      this.put(0, this.tail()!);
      // The full ones are the block's now.
      this.tailSteps = new Float64Array(entries);
      this.tailNorms = new Float32Array(entries * layers);
      this.tailLength = 0;
    }
  }

  /**
   * Parts of blocks that together hold all samples within `from` ≤ step ≤ `to`, each once. `width`: steps that each bucket spans of
   * what they are put into; it may grow meanwhile. @throws {BlockGone}
   */
  *within(from: number, to: number, width: () => number): Generator<PartOfBlock> {
    const counts = this.levels.map(({ length }) => length);
    const tail = this.tail();
    if (tail) yield { block: tail, from, to };
    // Those before are in a block of the level above.
    for (const [level, count] of counts.entries())
      for (let index = (counts[level + 1] ?? 0) * FAN_OUT; index < count; index += 1)
        yield* this.under(level, index, from, to, width);
  }

  /**
   * A width below which the samples `from` ≤ step ≤ `to` lie in more than `limit` buckets: of each full block of buckets they do
   * so in more than `entries` below its own, of which the next block may share one. And as far as each sample of a block has a
   * stretch of its own, but for one that the next block may share, these fill buckets of any width.
   */
  leastWidth(from: number, to: number, limit: number): number {
    const enough = Math.floor(limit / this.entries);
    const inside = this.levels.map((extents) =>
      extents.filter((extent) => extent.from >= from && extent.to <= to).map(({ width }) => width),
    );
    const widths = inside.slice(1).map((all) => all.sort((a, b) => b - a)[enough] ?? 1);
    let width = Math.max(1, ...widths);
    const blocks = new Map<number, number>();
    for (const own of inside[0] ?? []) blocks.set(own, (blocks.get(own) ?? 0) + 1);
    const filled = () =>
      [...blocks].reduce((sum, [own, count]) => sum + count * (this.entries - 1) * Math.min(own / width, 1), 0);
    while (filled() > limit) width *= 2;
    return width;
  }

  /** Blocks that wait to be saved. */
  get waiting(): number {
    return this.held.size;
  }

  unsaved(): Iterable<{ level: number; index: number; block: LayerBlock }> {
    return this.held.values();
  }

  saved(): void {
    this.held = new Map();
  }

  /** All but the blocks. */
  encode(): Uint8Array {
    const columns: Record<string, Column> = {
      tail_step: { dtype: "F64", shape: [this.tailLength], data: this.tailSteps.subarray(0, this.tailLength) },
      tail_norm: {
        dtype: "F32",
        shape: [this.tailLength, this.layers],
        data: this.tailNorms.subarray(0, this.tailLength * this.layers),
      },
    };
    for (const [level, extents] of this.levels.entries()) {
      const data = Float64Array.from(extents.flatMap(({ from, to, width }) => [from, to, width]));
      columns[`level_${level}`] = { dtype: "F64", shape: [extents.length, 3], data };
    }
    return encodeFrame({ metadata: { entries: String(this.entries) }, columns });
  }

  /** Goes on where the one went that gave these bytes. @throws {FrameError} where they are of another version */
  static restore(bytes: Uint8Array, source: LayerBlockSource): LayerPyramid {
    const { metadata, columns } = decodeFrame(bytes);
    const { tail_step: steps, tail_norm: norms } = columns;
    if (steps?.dtype !== "F64" || norms?.dtype !== "F32") throw new FrameError("no tail");
    const pyramid = new LayerPyramid(norms.shape[1]!, source, Number(metadata.entries));
    for (let level = 0; columns[`level_${level}`]; level += 1) {
      const { data } = columns[`level_${level}`]!;
      const extents = Array.from({ length: data.length / 3 }, (_, i) => ({
        from: Number(data[3 * i]),
        to: Number(data[3 * i + 1]),
        width: Number(data[3 * i + 2]),
      }));
      pyramid.levels.push(extents);
    }
    pyramid.append(steps.data, norms.data);
    return pyramid;
  }

  private *under(level: number, index: number, from: number, to: number, width: () => number): Generator<PartOfBlock> {
    const extent = this.levels[level]![index]!;
    if (extent.to < from || extent.from > to) return;
    const below: (readonly [number, number])[] = [];
    if (level > 0 && extent.width > width()) below.push([from, to]);
    else {
      const block = this.block(level, index);
      yield { block, from, to };
      // Of a bucket across an edge of the window the samples themselves.
      below.push(...block.cutBy(from, to));
    }
    for (const [first, last] of below)
      for (let child = index * FAN_OUT; child < (index + 1) * FAN_OUT; child += 1)
        yield* this.under(level - 1, child, first, last, width);
  }

  private put(level: number, block: LayerBlock): void {
    this.levels[level] ??= [];
    const extents = this.levels[level];
    const index = extents.length;
    extents.push({ from: block.from, to: block.to, width: block.width });
    this.held.set(`${level} ${index}`, { level, index, block });
    if (extents.length % FAN_OUT !== 0) return;
    const first = extents.length - FAN_OUT;
    // What has more than `entries` buckets in any case: samples that have one each, and a part of what follows.
    const widths = extents.slice(first).map(({ width }) => width);
    const widest = level === 0 ? Math.max(1, Math.min(...widths)) : Math.max(...widths);
    const buckets = new LayerBuckets(this.layers, this.entries, widest);
    for (let child = first; child < extents.length; child += 1)
      this.block(level, child).addTo(buckets, this.every, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    this.put(level + 1, new BucketBlock(buckets.toArray(), buckets.width));
  }

  private block(level: number, index: number): LayerBlock {
    const held = this.held.get(`${level} ${index}`);
    if (held) return held.block;
    const bytes = this.source(level, index);
    if (!bytes) throw new BlockGone();
    return level === 0 ? SampleBlock.decode(bytes) : BucketBlock.decode(bytes);
  }

  /** The samples that are in no block yet; null where there are none. What comes later doesn't change it. */
  private tail(): SampleBlock | null {
    const { tailSteps: steps, tailNorms: norms, tailLength: length } = this;
    return length === 0 ? null : new SampleBlock(steps.subarray(0, length), norms.subarray(0, length * this.layers));
  }
}

const entriesFor = (layers: number): number => Math.min(MOST_ENTRIES, Math.max(1, Math.floor(MOST_VALUES / layers)));
