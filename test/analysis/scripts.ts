/** Scripts that cross the rules: their documentation's examples, and whole ones, as people write them, in `scripts/`. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { RULES } from "../../server/analysis/rules/index.ts";

export interface Script {
  readonly name: string;
  readonly text: string;
}

const EXAMPLE = /(Wrong|Right)[^\n]*:\n```python\n([\s\S]*?)```/g;

export const EXAMPLES: readonly Script[] = RULES.flatMap((rule) =>
  [...rule.documentation.matchAll(EXAMPLE)].map(([, label, text = ""]) => ({ name: `${rule.name}, ${label}`, text })),
);

const FOLDER = join(import.meta.dirname, "scripts");

export const WHOLE: readonly Script[] = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".py"))
  .sort()
  .map((name) => ({ name, text: readFileSync(join(FOLDER, name), "utf8") }));

export const SCRIPTS: readonly Script[] = [...EXAMPLES, ...WHOLE];
