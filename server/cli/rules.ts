import type { Analyser } from "../analysis/index.ts";
import { EXIT } from "./exit.ts";
import { choice, parseOptions, UsageError } from "./usage.ts";

/** `gradsight rules` */
export async function rules(args: string[], analyser: Analyser): Promise<number> {
  const { values, positionals } = parseOptions(args, { format: { type: "string", default: "text" } });
  if (positionals.length > 0) throw new UsageError("rules: takes no argument; did you mean: gradsight explain RULE");
  if (choice(values.format, "--format", ["text", "json"]) === "json") {
    const list = analyser.rules.map(({ name, title, defaultSeverity, optIn, url }) => ({
      code: name,
      name: title,
      severity: optIn ? "off" : defaultSeverity,
      url,
    }));
    process.stdout.write(`${JSON.stringify(list, null, 2)}\n`);
  } else {
    const width = Math.max(0, ...analyser.rules.map(({ name }) => name.length));
    for (const { name, defaultSeverity, optIn, title } of analyser.rules)
      process.stdout.write(`${name.padEnd(width)}  ${(optIn ? "off" : defaultSeverity).padEnd(11)}  ${title}\n`);
  }
  return EXIT.clean;
}
