import type { VersionRange } from "./version-range.ts";
import type { Versions } from "./workspace.ts";

/** The versions that facts were told of, and whether they would be told the same now. */
export class AskedVersions implements Versions {
  readonly #versions: Versions;
  readonly #answers = new Map<string, VersionRange | undefined>();

  constructor(versions: Versions) {
    this.#versions = versions;
  }

  get(distribution: string): VersionRange | undefined {
    const answer = this.#versions.get(distribution);
    this.#answers.set(distribution, answer);
    return answer;
  }

  isCurrent(): boolean {
    for (const [distribution, { min, max } = NOTHING] of this.#answers) {
      const now = this.#versions.get(distribution) ?? NOTHING;
      if (now.min !== min || now.max !== max) return false;
    }
    return true;
  }
}

const NOTHING: VersionRange = { min: null, max: null };
