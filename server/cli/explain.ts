import type { Analyser } from "../analysis/index.ts";
import { EXIT } from "./exit.ts";
import { parseOptions, ruleNamed, UsageError } from "./usage.ts";

/** `gradsight explain RULE` */
export async function explain(args: string[], { rules }: Analyser): Promise<number> {
  const { positionals } = parseOptions(args, {});
  const [name] = positionals;
  if (name === undefined || positionals.length > 1) throw new UsageError("explain: name one rule");
  const rule = ruleNamed(name, rules);
  const severity = rule.optIn ? `off (${rule.defaultSeverity} when selected)` : rule.defaultSeverity;
  const heading = `# ${rule.title} (${rule.name})\n\nDefault severity: ${severity}\n\n`;
  process.stdout.write(`${heading}${rule.documentation.trim()}\n\n${rule.url}\n`);
  return EXIT.clean;
}
