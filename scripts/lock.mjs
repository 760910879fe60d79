// `npm run lock`: rewrites package-lock.json from package.json. The addresses of the registry that happened to be
// configured are left out, so that the lockfile installs from any; npm's own option for that drops the
// optional packages of other platforms.
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";

rmSync("package-lock.json", { force: true });
// A tree that is already installed would leave the other platforms' packages out of the lock.
execFileSync(
  "npm",
  [
    "install",
    "--package-lock-only",
    "--omit-lockfile-registry-resolved=false",
    "--loglevel=error",
    "--no-audit",
    "--no-fund",
  ],
  { stdio: "inherit" },
);
const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
for (const entry of Object.values(lock.packages)) delete entry.resolved;
writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`);
