/** Order statistics, as NumPy defines them: linear interpolation between the two nearest ranks. */

/** The q-quantile (0 ≤ q ≤ 1) of the first `length` values of an ascending array; NaN of nothing. */
export function quantileOfSorted(sorted: ArrayLike<number>, q: number, length = sorted.length): number {
  if (length === 0) return Number.NaN;
  const rank = q * (length - 1);
  const below = Math.floor(rank);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, length - 1)]!;
  return low + (high - low) * (rank - below);
}

export function medianOf(values: ArrayLike<number>): number {
  return quantileOfSorted(Float64Array.from(values).sort(), 0.5);
}
