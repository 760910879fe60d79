/** What a rule file exports. */
import type { Facts } from "../facts/facts.ts";
import type { Suppression } from "../facts/suppressions.ts";
import type { Finding, Fix, Severity } from "../finding.ts";

export interface Rule {
  readonly name: string;
  readonly title: string;
  readonly defaultSeverity: Severity;
  /** Off until a configuration names it. */
  readonly optIn?: true;
  /** The first version that has it. */
  readonly since: string;
  readonly frameworks: readonly string[];
  readonly documentation: string;
  /** Rules that report the other end of the same thing, each at a place of its own. */
  readonly alongside?: readonly string[];
  check(facts: Facts, run: Run): Iterable<Reported>;
}

export interface Reported extends Omit<Finding, "rule" | "fix"> {
  /** A function where it takes long to work out: after most keystrokes nobody asks for it. */
  readonly fix: Fix | null | (() => Fix | null);
}

/** What is known of the rules that ran before, for the one that asks what suppressions are good for. */
export interface Run {
  readonly rules: ReadonlySet<string>;
  readonly active: ReadonlySet<string>;
  /** Whether no rule is off that is on by default. */
  readonly allActive: boolean;
  /** The rules that each suppression silenced. */
  readonly silenced: ReadonlyMap<Suppression, ReadonlySet<string>>;
  /** Whether the whole text parses. */
  readable(): boolean;
}
