/** Numbers as a person reads them: two significant digits, powers of ten where they are far from one. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return "0";
  const magnitude = Math.abs(value);
  if (magnitude < 1e-3 || magnitude >= 1e6) return value.toExponential(1).replace(".0e", "e").replace("e+", "e");
  if (magnitude >= 100) return formatCount(Math.round(value));
  return String(Number(value.toPrecision(2)));
}

/** "1,200". */
export function formatCount(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A share from 0 to 1: "0.4%", "12%", and never "0%" or "100%" unless it is exactly so. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent === 0 || percent === 100) return `${percent}%`;
  if (percent < 0.1) return "under 0.1%";
  if (percent > 99.9) return "over 99.9%";
  return `${percent < 10 || percent > 99 ? Number(percent.toFixed(1)) : Math.round(percent)}%`;
}
