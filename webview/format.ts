/** How numbers, durations and places are written out. */
import { fromJsonNumber, type JsonNumber } from "../protocol/shape.ts";
import { locale, t } from "./l10n.ts";

/** By how many significant digits they write. */
const numbers = new Map<number, Intl.NumberFormat>();
const integers = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const percents = new Intl.NumberFormat(locale, { style: "percent", maximumSignificantDigits: 3 });
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** A measured value: three significant digits, powers of ten where zeros would have to be counted. */
export const formatValue = (value: number): string => formatDigits(value, 3);

/** The same with so many significant digits at most. */
export function formatDigits(value: number, digits: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5))
    return value
      .toExponential(digits - 1)
      .replace(/\.?0+e/, "e")
      .replace("e+", "e");
  let format = numbers.get(digits);
  if (!format) {
    format = new Intl.NumberFormat(locale, { maximumSignificantDigits: digits });
    numbers.set(digits, format);
  }
  return format.format(value);
}

export const formatJson = (value: JsonNumber | undefined | null): string =>
  value === undefined || value === null ? "–" : formatValue(fromJsonNumber(value));

export const formatCount = (value: number): string => integers.format(value);
export const formatShare = (share: number): string => percents.format(share);
/** The steps of one bucket. */
export const formatSteps = (from: number, to: number): string =>
  from === to ? t("Step {0}", formatCount(from)) : t("Steps {0} to {1}", formatCount(from), formatCount(to));

export const epochName = (number: number): string => t("Epoch {0}", formatCount(number));

/** A threshold as it would stand in code: never grouped, never localised. */
export const formatThreshold = (value: number): string => String(Number(value.toPrecision(6)));

/** Unix seconds as a time of day, with the date when it was not today. */
export function formatTime(seconds: number, now = new Date()): string {
  const time = new Date(seconds * 1000);
  return time.toDateString() === now.toDateString() ? clock.format(time) : day.format(time);
}

export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return t("{0} s", whole);
  if (whole < 3600) return t("{0} min {1} s", Math.floor(whole / 60), whole % 60);
  if (whole < 86_400) return t("{0} h {1} min", Math.floor(whole / 3600), Math.floor((whole % 3600) / 60));
  return t("{0} d {1} h", Math.floor(whole / 86_400), Math.floor((whole % 86_400) / 3600));
}

/** The last part of a path, whichever way its slashes lean. */
export const fileName = (path: string): string => path.split(/[\\/]/).pop() || path;

/** As much of a hash as tells two apart. */
export const shortHash = (hash: string): string => hash.slice(0, 10);
