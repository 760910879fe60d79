/**
 * Which versions of a distribution a project may run with. Release numbers only: what a default depends on changed with
 * a release, and pre-releases, local labels and epochs say nothing about it.
 */
export interface VersionRange {
  /** Inclusive; null where nothing is said. */
  readonly min: string | null;
  /** Exclusive, except for one exact version, which is both ends. */
  readonly max: string | null;
}

export const exactly = (version: string): VersionRange => ({ min: version, max: version });

/** Below zero where `a` is older. Missing parts are zero: 2.4 is 2.4.0. */
export function compareReleases(a: string, b: string): number {
  const [left, right] = [releaseOf(a), releaseOf(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const releaseOf = (version: string) => (/^v?(?:\d+!)?(\d+(?:\.\d+)*)/.exec(version)?.[1] ?? "0").split(".").map(Number);

/** What a specifier set as of PEP 440 allows: `>=0.19.3,<1`, `==2.4.*`, `~=1.4`. Poetry's `^` is read as `>=`. */
export function parseSpecifiers(text: string): VersionRange {
  let min: string | null = null;
  let max: string | null = null;
  for (const { 1: operator, 2: version = "" } of text.matchAll(/(===?|>=|<=|~=|>|<|\^|~)\s*v?([\d.]+)/g)) {
    if (operator === "==" || operator === "===") {
      if (!text.includes(`${version}*`)) return exactly(version);
      min = version.replace(/\.$/, "");
    } else if (operator === "<" && (max === null || compareReleases(version, max) < 0)) max = version;
    else if (operator !== "<" && operator !== "<=" && (min === null || compareReleases(version, min) > 0))
      min = version;
  }
  return { min, max };
}

/** Every version in the range is at least `version`; false where each is older; null where it may be either. */
export function isAtLeast({ min, max }: VersionRange, version: string): boolean | null {
  if (min !== null && compareReleases(min, version) >= 0) return true;
  if (max === null) return null;
  const end = compareReleases(max, version);
  return end < 0 || (end === 0 && max !== min) ? false : null;
}
