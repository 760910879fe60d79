/** From the norms of a run to the bars of their distribution, each as wide as the next on a logarithmic axis. */
import type { NormDistribution } from "../../protocol/advice.ts";

export interface Bar {
  /** Norms from here, inclusive, to there, exclusive. */
  readonly from: number;
  readonly to: number;
  /** Steps. */
  readonly count: number;
  /** The least and the greatest of its norms. */
  readonly low: number;
  readonly high: number;
}

/** A width that bars may have, as a factor between their edges: wider ones hold whole numbers of the narrower. */
const NARROWEST = Math.log(1.01);

/**
 * At most about `most` bars, without those that would be empty. Their edges lie at powers of one factor, so that they
 * stay where they are while a run goes on; bars hold whole bins of a distribution that comes in such.
 */
export function barsOf({ norms, counts }: NormDistribution, most: number): Bar[] {
  if (norms.length === 0) return [];
  const span = Math.log(norms.at(-1)! / norms[0]!);
  let width = NARROWEST;
  while (span / width > most) width *= 2;
  const bars: Bar[] = [];
  let current = Number.NaN;
  for (const [i, norm] of norms.entries()) {
    const at = Math.floor(Math.log(norm) / width);
    const begun = at === current ? bars.pop()! : { count: 0, low: norm };
    current = at;
    const count = begun.count + counts[i]!;
    bars.push({ from: Math.exp(at * width), to: Math.exp((at + 1) * width), count, low: begun.low, high: norm });
  }
  return bars;
}
