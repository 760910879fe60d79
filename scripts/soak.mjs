// `npm run soak:analysis [-- --edits 10000] [-- --seed 0]`: the analyser's property tests, long and from other seeds, also on every
// text that its other tests analyse.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
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
const cwd = fileURLToPath(new URL("..", import.meta.url));
const texts = join(cwd, "out/soak/texts");

function run(tests, variables) {
  const { status } = spawnSync(process.execPath, [vitest, "run", "--config", "vitest.config.ts", ...tests], {
    cwd,
    stdio: "inherit",
    env: { ...process.env, ...variables },
  });
  if (status !== 0) process.exit(status ?? 1);
}

rmSync(texts, { recursive: true, force: true });
run(["server/analysis"], { GRADSIGHT_COLLECT: texts });
run(
  ["incremental", "names", "fixes"].map((name) => `server/analysis/${name}.test.ts`),
  {
    GRADSIGHT_SCRIPTS: texts,
    GRADSIGHT_SOAK_EDITS: values.edits,
    GRADSIGHT_SOAK_SEED: values.seed,
    GRADSIGHT_SOAK_FACTOR: "3",
  },
);
