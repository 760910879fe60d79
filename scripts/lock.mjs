// `npm run lock`: brings package-lock.json up to package.json. The addresses of the registry that happened to be
// configured are left out, so that the lockfile installs from any; npm's own option for that drops the
// optional packages of other platforms.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// Away from the installed tree: beside one, npm leaves out other platforms' packages and the integrity of what is there.
const folder = mkdtempSync(join(tmpdir(), "gradsight-lock-"));
try {
  for (const name of ["package.json", "package-lock.json"]) copyFileSync(name, join(folder, name));
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
    { stdio: "inherit", cwd: folder },
  );
  const lock = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
  for (const entry of Object.values(lock.packages)) delete entry.resolved;
  writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
