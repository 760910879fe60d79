// `npm run test:dashboard`: the dashboard in a real Chromium against the real hub. Screenshots go to out/dashboard/.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { ROOT } from "../setup/paths.mjs";

const files = globSync("test/dashboard/*.test.ts", { cwd: ROOT });
// One file at a time: each drives a browser of its own.
const { status } = spawnSync(
  process.execPath,
  ["--test", "--test-concurrency=1", "--test-timeout=120000", ...process.argv.slice(2), ...files],
  { cwd: ROOT, stdio: "inherit" },
);
process.exit(status ?? 1);
