// `npm run soak:analysis [-- --edits 10000] [-- --seed 0]`: the analyser's property tests, long and from other seeds.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    edits: { type: "string", default: "10000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
console.log(`${values.edits} edits from seed ${values.seed}`);
const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
const { status } = spawnSync(
  process.execPath,
  [vitest, "run", "--config", "vitest.config.ts", "server/analysis/incremental"],
  {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    stdio: "inherit",
    env: { ...process.env, GRADSIGHT_SOAK_EDITS: values.edits, GRADSIGHT_SOAK_SEED: values.seed },
  },
);
process.exitCode = status ?? 1;
