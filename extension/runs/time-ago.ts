/** "3 min. ago" in the user's language; both times in Unix seconds. */
export function timeAgo(time: number, now: number, locale?: string): string {
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
  const seconds = Math.min(0, time - now); // A clock that was set back must not put a run into the future.
  for (const [unit, size] of UNITS) if (seconds <= -size) return format.format(Math.ceil(seconds / size), unit);
  return format.format(0, "second");
}

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["week", 7 * 86_400],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];
