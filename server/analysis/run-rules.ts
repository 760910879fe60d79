import { confined } from "./confine.ts";
import type { Facts } from "./facts/facts.ts";
import type { Suppression } from "./facts/suppressions.ts";
import type { Finding, Severity } from "./finding.ts";
import type { LintOptions } from "./index.ts";
import { RULES } from "./rules/index.ts";
import type { Rule } from "./rules/rule.ts";
import { unusedSuppression } from "./rules/unused-suppression.ts";

/** What the rules find that is not suppressed, in the order of the text. */
export function runRules(facts: Facts, options: LintOptions, readable: () => boolean): readonly Finding[] {
  const { suppressions } = facts;
  if (suppressions.file) return [];
  const active = RULES.filter((rule) => isActive(rule, options));
  const silenced = new Map<Suppression, Set<string>>();
  const run = {
    rules: new Set(RULES.map(({ name }) => name)),
    active: new Set(active.map(({ name }) => name)),
    allActive: RULES.every((rule) => rule.optIn || active.includes(rule)),
    silenced,
    readable,
  };
  const findings = active.flatMap((rule) =>
    [...rule.check(facts, run)].flatMap((finding): Finding[] => {
      const by = suppressions
        .of(rule.name, finding.range)
        // A comment that names no rule can't vouch for itself.
        .filter(({ names }) => names !== null || rule !== unusedSuppression);
      for (const suppression of by) silenced.set(suppression, (silenced.get(suppression) ?? new Set()).add(rule.name));
      if (by.length > 0) return [];
      // A rule that is off is not active.
      const level = options.severity?.[rule.name] as Severity | undefined;
      return confined({ rule: rule.name, ...finding, severity: level ?? finding.severity }, facts.text, facts.importer);
    }),
  );
  return findings.sort((a, b) => a.range.start - b.range.start || a.range.end - b.range.end);
}

function isActive({ name, optIn }: Rule, { severity, selected }: LintOptions): boolean {
  const level = severity?.[name];
  return level !== "off" && (!optIn || level !== undefined || selected?.has(name) === true);
}
