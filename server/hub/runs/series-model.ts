import type { Diagnosis, NormDistribution } from "../../../protocol/advice.ts";
import type { Batch, LayerSamples } from "../../../protocol/batch.ts";
import { fromJsonNumber, type JsonNumber, toJsonNumber } from "../../../protocol/shape.ts";
import type { RunEvent, SeriesInfo } from "../../../protocol/telemetry.ts";
import type { Metric, SeriesDetail } from "../../../protocol/viewer.ts";
import { type ObservedStep, type SeriesIdentity, SeriesMonitor } from "../../advice/monitor.ts";
import type { Outcome } from "../../advice/outcome.ts";
import { type Block, type Extent, noExtent } from "../pyramid/block.ts";
import { type BlockSource, NOTHING, type Parting, StepPyramid } from "../pyramid/step-pyramid.ts";
import { type Bucket, bucketsOf } from "../pyramid/window.ts";
import type { BlockKey } from "../store/models.ts";
import { GroupRates, type GroupRatesState } from "./group-rates.ts";
import { encodeState, restoreState } from "./state.ts";
import { metricColumns, observedSteps } from "./steps.ts";

/** What `encode` keeps beside the numbers. */
interface About {
  readonly attempts: readonly (readonly [attempt: number, extent: Extent, parted: readonly Parting[]])[];
  readonly rates: GroupRatesState;
  readonly latest: readonly (readonly [Metric, JsonNumber])[];
}

/** One series of a run: all its attempts, made from the stored frames alone. Of its values only the newest are in memory. */
export class SeriesModel {
  /** As one attempt declared it; the same for all. */
  readonly name: string;
  private readonly source: (attempt: number) => BlockSource;
  private readonly attempts = new Map<number, StepPyramid>();
  private readonly rates = new GroupRates();
  private readonly latest = new Map<Metric, number>();
  private readonly kept = { monitor: new SeriesMonitor(), skipped: 0, nonFinite: 0 };

  /** `source`: where the blocks of an attempt are that are no longer held here. */
  constructor(name = "", source: (attempt: number) => BlockSource = () => NOTHING) {
    this.name = name;
    this.source = source;
  }

  /** Takes a batch of an attempt, later than all of it so far. Returns what the monitor found in it. */
  append(attempt: number, batch: Batch): RunEvent[] {
    let pyramid = this.attempts.get(attempt);
    if (!pyramid) {
      pyramid = new StepPyramid(this.source(attempt));
      this.attempts.set(attempt, pyramid);
    }
    const observed = observedSteps(batch);
    const rates = this.rates.columns(batch, (metric, from) => {
      for (const earlier of this.attempts.values()) earlier.copy(metric, from);
    });
    const columns = [...metricColumns(batch, observed), ...rates];
    pyramid.append(batch.steps, columns);
    for (const { metric, values, recorded } of columns) {
      const last = recorded.lastIndexOf(1);
      if (last >= 0) this.latest.set(metric, values[last]!);
    }
    const found = observed.flatMap((step) => this.observe(step));
    // Of a rank that holds but a share of the gradients, the norms of its layers say nothing about the model.
    if (batch.layers && !batch.layers.areShares && !batch.scalars.shard_pre) this.observeLayers(batch.layers);
    return found;
  }

  buckets(metrics: readonly Metric[], from: number, to: number, limit: number): Bucket[] {
    return bucketsOf([...this.attempts.values()], metrics, from, to, limit);
  }

  detail(id: string, label: string, rank: number, info: SeriesInfo): SeriesDetail {
    const { steps, first, last } = this.extent();
    const { monitor, skipped, nonFinite } = this.kept;
    return {
      id,
      name: info.id,
      rank,
      label,
      optimizer: info.optimizer,
      site: info.site,
      clip: info.clip,
      steps,
      firstStep: steps === 0 ? 0 : first,
      lastStep: steps === 0 ? 0 : last,
      skipped,
      nonFinite,
      layers: Math.max(0, ...Object.values(info.layers).map(({ length }) => length)),
      clipRate: monitor.clipRate,
      rates: this.rates.told(),
      latest: Object.fromEntries([...this.latest].map(([metric, value]) => [metric, toJsonNumber(value)])),
      advice: monitor.advice(identityOf(info)),
    };
  }

  /** What is to be said beside the threshold, most important first. */
  diagnoses(info: SeriesInfo): readonly Diagnosis[] {
    return this.kept.monitor.diagnoses(identityOf(info));
  }

  outcome(): Outcome {
    return this.kept.monitor.outcome();
  }

  /** -1 where there is none. */
  get lastStep(): number {
    const { steps, last } = this.extent();
    return steps === 0 ? -1 : last;
  }

  /** The last step of each attempt. */
  get places(): readonly (readonly [attempt: number, step: number])[] {
    return [...this.attempts].map(([attempt, { extent }]) => [attempt, extent.last]);
  }

  /** Whether the groups of parameters are in the same lines here as there. */
  hasRatesOf(other: SeriesModel): boolean {
    return JSON.stringify(this.rates.state()) === JSON.stringify(other.rates.state());
  }

  distribution(): NormDistribution {
    return this.kept.monitor.distribution();
  }

  /** Full blocks that are held until they are saved. */
  get waiting(): number {
    return [...this.attempts.values()].reduce((sum, { waiting }) => sum + waiting, 0);
  }

  /** Blocks that are not in the store as they are now. */
  *unsaved(): Generator<readonly [BlockKey, Block]> {
    for (const [attempt, pyramid] of this.attempts)
      for (const { level, index, block } of pyramid.unsaved())
        yield [{ attempt, series: this.name, level, index }, block];
  }

  saved(): void {
    for (const pyramid of this.attempts.values()) pyramid.saved();
  }

  /** All but the blocks. */
  encode(): Uint8Array {
    const about: About = {
      attempts: [...this.attempts].map(([attempt, { extent, parted }]) => [attempt, extent, parted]),
      rates: this.rates.state(),
      latest: [...this.latest].map(([metric, value]) => [metric, toJsonNumber(value)]),
    };
    return encodeState(this.kept, about);
  }

  /** Goes on where the one went that gave these bytes. @throws where they are of another version */
  restore(bytes: Uint8Array): void {
    const { attempts, rates, latest } = restoreState(this.kept, bytes) as About;
    for (const [attempt, extent, parted] of attempts)
      this.attempts.set(attempt, new StepPyramid(this.source(attempt), extent, parted));
    this.rates.restore(rates);
    for (const [metric, value] of latest) this.latest.set(metric, fromJsonNumber(value));
  }

  private extent(): Extent {
    const all = noExtent();
    for (const { extent } of this.attempts.values()) {
      all.steps += extent.steps;
      all.first = Math.min(all.first, extent.first);
      all.last = Math.max(all.last, extent.last);
    }
    return all;
  }

  /** Of the gradients of all layers. */
  observeLayers({ norms, width }: LayerSamples): void {
    for (const [i, step] of norms.steps.entries())
      this.kept.monitor.observeLayers({ step, norms: norms.values.subarray(i * width, (i + 1) * width) });
  }

  private observe(step: ObservedStep): RunEvent[] {
    const { kept } = this;
    if (step.skipped) kept.skipped += 1;
    else if (isNonFinite(step.normPre) || isNonFinite(step.normPost) || isNonFinite(step.loss)) kept.nonFinite += 1;
    return kept.monitor.observe(step);
  }
}

const isNonFinite = (value: number | null): boolean => value !== null && !Number.isFinite(value);

const identityOf = ({ optimizer, layers }: SeriesInfo): SeriesIdentity => ({
  optimizer,
  layers: (count) => onlyTable(Object.values(layers), count),
});

/** The one table of so many layers: the norms that were taken don't say of which table they are. */
function onlyTable(tables: readonly (readonly string[])[], count: number): readonly string[] | null {
  const [table, ...others] = tables.filter(({ length }) => length === count);
  return others.every((other) => other.every((name, i) => name === table![i])) ? (table ?? null) : null;
}
