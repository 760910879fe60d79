/**
 * `npm run soak:fixes -- FOLDER…`: applies all fixes to each Python file of a folder, in memory, and tells where the result does
 * not parse with Python's own parser, has something left to fix, or something new to find.
 */
import { readFileSync, statSync } from "node:fs";
import { parseArgs } from "node:util";
import { analyser } from "../../test/analysis/analyser.ts";
import { type Fixed, fixed } from "../../test/analysis/fix-check.ts";
import { parsedByPython } from "../../test/analysis/respell.ts";
import { pythonFiles } from "./tree.ts";

const { positionals } = parseArgs({ allowPositionals: true });
if (positionals.length === 0) {
  console.error("Name the folders to go through: npm run soak:fixes -- FOLDER…");
  process.exit(2);
}

const results: (Fixed & { readonly path: string; readonly before: string })[] = [];
let files = 0;
for (const path of positionals.flatMap((at) => (statSync(at).isDirectory() ? pythonFiles(at) : [at]))) {
  files += 1;
  const before = readFileSync(path, "utf8");
  for (const applicability of ["safe", "unsafe"] as const) {
    const result = fixed(analyser, before, applicability);
    if (result.count > 0 || result.problems.length > 0) results.push({ path, before, ...result });
  }
}

const parsedBefore = parsedByPython(results.map(({ before }) => before));
const parsedAfter = parsedByPython(results.map(({ text }) => text));
let wrong = 0;
results.forEach(({ path, problems }, index) => {
  const broken = parsedBefore[index] && !parsedAfter[index] ? ["Python can't parse the result"] : [];
  for (const problem of [...problems, ...broken]) {
    wrong += 1;
    console.log(`${path}: ${problem}`);
  }
});
const fixes = results.reduce((sum, { count }) => sum + count, 0);
console.log(`${files} files, ${fixes} fixes in ${results.length} results, ${wrong} wrong`);
process.exitCode = wrong > 0 ? 1 : 0;
