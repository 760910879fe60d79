// `npm run soak:delivery [-- --kills 100]`: the hub is killed so often while a training reports to it; no step may be lost or doubled.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { kills: { type: "string", default: "100" } } });
const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
const { status } = spawnSync(
  process.execPath,
  [vitest, "run", "--config", "vitest.config.ts", "test/telemetry/kills.test.ts"],
  {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    stdio: "inherit",
    env: { ...process.env, GRADSIGHT_SOAK_KILLS: values.kills },
  },
);
process.exit(status ?? 1);
