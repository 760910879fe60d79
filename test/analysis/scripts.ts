/** Scripts that cross the rules: their documentation's examples, and whole ones, as people write them, in `scripts/`. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { RULES } from "../../server/analysis/rules/index.ts";
import { parsedByPython } from "./respell.ts";

export interface Script {
  readonly name: string;
  readonly text: string;
  readonly collected?: boolean;
}

const EXAMPLE = /(Wrong|Right)[^\n]*:\n```python\n([\s\S]*?)```/g;

export const EXAMPLES: readonly Script[] = RULES.flatMap((rule) =>
  [...rule.documentation.matchAll(EXAMPLE)].map(([, label, text = ""]) => ({ name: `${rule.name}, ${label}`, text })),
);

export const WHOLE = scriptsIn(join(import.meta.dirname, "scripts"));

/** What `npm run soak:analysis` has collected from the other tests. */
const collected = process.env.GRADSIGHT_SCRIPTS ? readable(scriptsIn(process.env.GRADSIGHT_SCRIPTS)) : [];

export const SCRIPTS: readonly Script[] = [...EXAMPLES, ...WHOLE, ...collected];

function scriptsIn(folder: string): readonly Script[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".py"))
    .sort()
    .map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }));
}

/** Some tests are of texts that are no Python. */
function readable(scripts: readonly Script[]): readonly Script[] {
  const parsed = parsedByPython(scripts.map(({ text }) => text));
  return scripts.filter((_, index) => parsed[index]).map((script) => ({ ...script, collected: true }));
}
