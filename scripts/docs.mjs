// `npm run docs [-- --check]`: writes docs/rules/ from the rule files, which hold the text; with --check only compares.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { rulePages } from "../server/analysis/rules/pages.ts";

const folder = join(import.meta.dirname, "..", "docs", "rules");
const check = process.argv.includes("--check");
const pages = rulePages();
const stale = [];

mkdirSync(folder, { recursive: true });
for (const [name, text] of pages) {
  const file = join(folder, name);
  if (existsSync(file) && readFileSync(file, "utf8") === text) continue;
  stale.push(name);
  if (!check) writeFileSync(file, text);
}
for (const file of readdirSync(folder)) {
  if (pages.has(basename(file))) continue;
  stale.push(file);
  if (!check) rmSync(join(folder, file));
}

if (stale.length === 0) console.log(`docs/rules is up to date (${pages.size} pages)`);
else if (check) {
  console.error(`docs/rules is stale: ${stale.join(", ")}. Run \`npm run docs\` and commit what it writes.`);
  process.exit(1);
} else console.log(`docs/rules: wrote ${stale.join(", ")}`);
