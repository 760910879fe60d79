/** What a rule file exports. */
import type { Facts } from "../facts/facts.ts";
import type { Finding, Severity } from "../finding.ts";

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
  check(facts: Facts): Iterable<Omit<Finding, "rule">>;
}
