/** What range of values an axis shows, and which of them get a label. */

/** An adaptive axis is linear until its values span too much for that: one spike would flatten all the rest. */
export type AxisKind = "logarithmic" | "linear" | "share" | "adaptive";
export type FixedAxis = Exclude<AxisKind, "adaptive">;
export interface Range {
  readonly min: number;
  readonly max: number;
}

const WIDEST_LINEAR = 50;
const USUAL_DIGITS = 3;
/** As many as an axis has room for. */
const MOST_DIGITS = 7;

export function settleAxis(kind: AxisKind, low: number | null, high: number | null): FixedAxis {
  // Nothing is above 0: at the foot of a logarithm 0 would have the label of some other value.
  if (kind === "logarithmic" && low === null) return "linear";
  if (kind !== "adaptive") return kind;
  return low !== null && high !== null && low > 0 && high / low > WIDEST_LINEAR ? "logarithmic" : "linear";
}

/** The range of an axis for values between `low` and `high`, with air; null values mean that there are none. */
export function axisRange(kind: FixedAxis, low: number | null, high: number | null): Range {
  if (kind === "share") return { min: -0.03, max: 1.03 };
  if (low === null || high === null) return kind === "logarithmic" ? { min: 0.1, max: 10 } : { min: 0, max: 1 };
  if (kind === "logarithmic") {
    const air = Math.max((high / low) ** 0.06, 1.1);
    return { min: low / air, max: high * air };
  }
  const air = (high - low || Math.abs(high) || 1) * 0.06;
  return { min: low >= 0 && low - air < 0 ? 0 : low - air, max: high + air };
}

/** At most `most` round numbers: as many of each decade as fit, then powers of ten alone; even steps within one decade. */
export function logarithmicTicks({ min, max }: Range, most: number): number[] {
  const [first, last] = [Math.floor(Math.log10(min)), Math.ceil(Math.log10(max))];
  const choices: [factors: number[], stride: number][] = [
    [[1, 2, 5], 1],
    [[1, 3], 1],
    [[1], 1],
    [[1], Math.ceil((last - first) / most)],
  ];
  for (const [factors, stride] of choices) {
    const ticks: number[] = [];
    for (let power = first; power <= last; power += stride)
      for (const factor of factors) {
        const tick = Number(`${factor}e${power}`);
        if (tick >= min && tick <= max) ticks.push(tick);
      }
    if (ticks.length < 3 && max / min < 10) return evenTicks({ min, max });
    if (ticks.length <= most) return ticks;
  }
  return [];
}

/** Round numbers, at most about `most`. */
export function evenTicks({ min, max }: Range, most = 5): number[] {
  const raw = (max - min) / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((n) => n * power).find((candidate) => candidate >= raw) ?? raw;
  const ticks: number[] = [];
  for (let i = Math.ceil(min / step); i * step <= max; i++) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

/** How many significant digits tell the labels of evenly spaced ticks apart. */
export function digitsOf(ticks: readonly number[]): number {
  const [first = 0, second = 0] = ticks;
  const largest = Math.max(...ticks.map(Math.abs));
  const step = Math.abs(second - first);
  if (step === 0 || largest === 0) return USUAL_DIGITS;
  // A step that is a power of ten may come out a little smaller.
  const needed = Math.floor(Math.log10(largest)) - Math.floor(Math.log10(step * 1.000001)) + 1;
  return Math.min(Math.max(needed, USUAL_DIGITS), MOST_DIGITS);
}
