import type { Finding, LintOptions, ObservedRun } from "../analysis/index.ts";

/**
 * What was last found in a module, until its text, the options or what runs saw of it changes: a cursor that moves asks for code
 * actions, not for a new analysis.
 */
export class KeptFindings {
  #kept: {
    readonly options: LintOptions;
    readonly runs: readonly ObservedRun[];
    readonly findings: readonly Finding[];
  } | null = null;

  get isEmpty(): boolean {
    return this.#kept === null;
  }

  /** `runs`: the same list as long as it is the same. `lint` finds them where none are kept for these. */
  of(options: LintOptions, runs: readonly ObservedRun[], lint: () => readonly Finding[]): readonly Finding[] {
    if (this.#kept?.options !== options || this.#kept.runs !== runs) this.#kept = { options, runs, findings: lint() };
    return this.#kept.findings;
  }

  forget(): void {
    this.#kept = null;
  }
}
