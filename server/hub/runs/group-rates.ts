/** Which learning rates the parameter groups of a series have: groups that have had the same at every step are one line. */
import type { Batch } from "../../../protocol/batch.ts";
import { GROUP_RATES, type GroupRate, type Metric } from "../../../protocol/viewer.ts";
import type { MetricColumn } from "../pyramid/step-pyramid.ts";

interface Rate {
  readonly metric: GroupRate["metric"];
  /** Numbers of the groups, as in `optimizer.param_groups`; the first one stands for all. */
  readonly groups: number[];
}

export interface GroupRatesState {
  readonly known: number;
  readonly rates: readonly GroupRate[];
}

/** Told that a metric was the same as another until now. */
type Parts = (metric: Metric, from: Metric) => void;

export class GroupRates {
  /** The first is that of group 0, which is the scalar `lr`. */
  private readonly rates: Rate[] = [{ metric: "lr", groups: [] }];
  private known = 0;

  /** To be gone on with by `restore`. */
  state(): GroupRatesState {
    return { known: this.known, rates: this.rates.map(({ metric, groups }) => ({ metric, groups: [...groups] })) };
  }

  restore({ known, rates }: GroupRatesState): void {
    this.known = known;
    this.rates.splice(0, this.rates.length, ...rates.map(({ metric, groups }) => ({ metric, groups: [...groups] })));
  }

  /** Empty while all groups have the same. */
  told(): GroupRate[] {
    return this.rates.length > 1 ? this.rates.map(({ metric, groups }) => ({ metric, groups: [...groups] })) : [];
  }

  /** A column for each rate besides the first group's, later than all of the series so far. */
  columns({ steps, groupRates }: Batch, parts: Parts): MetricColumn[] {
    if (steps.length === 0) return [];
    const width = groupRates ? groupRates.length / steps.length : 1;
    const at = (row: number, group: number) => groupRates?.[row * width + group] ?? Number.NaN;
    this.meet(width, (group) => at(0, group));
    for (let row = 0; row < steps.length && width > 1; row += 1)
      for (const rate of [...this.rates]) this.part(rate, width, (group) => at(row, group), parts);
    return this.rates.slice(1).flatMap(({ metric, groups: [first] }) => {
      if (first! >= width) return [];
      const values = Float64Array.from(steps, (_, row) => at(row, first!));
      return [{ metric, values, recorded: Uint8Array.from(values, (value) => (Number.isNaN(value) ? 0 : 1)) }];
    });
  }

  /** Groups that the optimizer was given since: of whatever rate they have, or of one of their own. */
  private meet(width: number, rateOf: (group: number) => number): void {
    const first = this.rates[0]!;
    if (this.known === 0) first.groups.push(...Array.from({ length: width }, (_, group) => group));
    else
      for (let group = this.known; group < width; group += 1) {
        const alike = this.rates.find(({ groups }) => Object.is(rateOf(groups[0]!), rateOf(group)));
        if (alike) alike.groups.push(group);
        else this.add([group]);
      }
    this.known = Math.max(this.known, width);
  }

  /** Those of its groups whose rate is another from here on leave it. */
  private part(rate: Rate, width: number, rateOf: (group: number) => number, parts: Parts): void {
    const own = rateOf(rate.groups[0]!);
    const leaving = rate.groups.filter((group) => group < width && !Object.is(rateOf(group), own));
    if (leaving.length === 0) return;
    rate.groups.splice(0, rate.groups.length, ...rate.groups.filter((group) => !leaving.includes(group)));
    const apart = [...Map.groupBy(leaving, rateOf)].sort(([a], [b]) => a - b).map(([, groups]) => groups);
    for (const groups of spread(apart, GROUP_RATES.length + 1 - this.rates.length)) {
      const metric = this.add(groups);
      if (metric) parts(metric, rate.metric);
    }
  }

  /** null: there are as many already as a chart can show. */
  private add(groups: number[]): Metric | null {
    const metric = GROUP_RATES[this.rates.length - 1];
    if (metric) this.rates.push({ metric, groups });
    return metric ?? null;
  }
}

/** At most `count` of them, evenly, the last and, if there is room, the first among them. */
const spread = <T>(items: T[], count: number): T[] =>
  items.length <= count
    ? items
    : Array.from(
        { length: count },
        (_, i) => items[items.length - 1 - Math.floor((i * (items.length - 1)) / Math.max(1, count - 1))]!,
      );
