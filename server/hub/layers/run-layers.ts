import type { Batch } from "../../../protocol/batch.ts";
import type { LayerMetric } from "../../../protocol/viewer.ts";
import type { BlockKey } from "../store/models.ts";
import type { LayerBlock } from "./layer-block.ts";
import { LayerPyramid } from "./layer-pyramid.ts";

/** What was sampled of one layer table, by the id that its attempt gave it. */
export interface LayerKey {
  readonly attempt: number;
  readonly series: string;
  readonly metric: LayerMetric;
  readonly table: string;
}

/** All that a run has sampled of its layers. */
export class RunLayers {
  private readonly read: (key: BlockKey) => Uint8Array | null;
  private readonly pyramids = new Map<string, LayerPyramid>();

  /** `read`: the bytes of a block that was saved. */
  constructor(read: (key: BlockKey) => Uint8Array | null) {
    this.read = read;
  }

  /** Takes what a batch has, later than all of its attempt so far. */
  take(attempt: number, { series, layers }: Pick<Batch, "series" | "layers">): void {
    if (!layers || layers.width === 0) return;
    const { table, width, norms, weights } = layers;
    for (const [metric, samples] of [["grad_norm", norms] as const, ["weight_norm", weights] as const]) {
      if (!samples || samples.steps.length === 0) continue;
      const name = nameOf({ attempt, series, metric, table });
      let pyramid = this.pyramids.get(name);
      if (!pyramid) {
        pyramid = new LayerPyramid(width, this.source(name));
        this.pyramids.set(name, pyramid);
      }
      pyramid.append(samples.steps, samples.values);
    }
  }

  find(key: LayerKey): LayerPyramid | null {
    return this.pyramids.get(nameOf(key)) ?? null;
  }

  /** Full blocks that are held until they are saved. */
  get waiting(): number {
    return [...this.pyramids.values()].reduce((sum, { waiting }) => sum + waiting, 0);
  }

  *unsaved(): Generator<readonly [BlockKey, LayerBlock]> {
    for (const [name, pyramid] of this.pyramids)
      for (const { level, index, block } of pyramid.unsaved()) yield [blockKey(name, level, index), block];
  }

  saved(): void {
    for (const pyramid of this.pyramids.values()) pyramid.saved();
  }

  /** All but the blocks, by a name that `restore` takes. */
  *parts(): Generator<readonly [string, Uint8Array]> {
    for (const [name, pyramid] of this.pyramids) yield [name, pyramid.encode()];
  }

  /** @throws where the bytes are of another version */
  restore(name: string, bytes: Uint8Array): void {
    this.pyramids.set(name, LayerPyramid.restore(bytes, this.source(name)));
  }

  private source(name: string) {
    return (level: number, index: number) => this.read(blockKey(name, level, index));
  }
}

const nameOf = ({ attempt, series, metric, table }: LayerKey): string =>
  JSON.stringify([attempt, metric, table, series]);

/** Levels below zero, so that no series of steps has the same key, whatever it is called. */
const blockKey = (name: string, level: number, index: number): BlockKey => ({
  attempt: Number(JSON.parse(name)[0]),
  series: name,
  level: -1 - level,
  index,
});
