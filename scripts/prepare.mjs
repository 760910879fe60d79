// What npm runs when it installs the repository itself (`npm install --global <git address>`, as pre-commit does): builds
// the command line. `npm start` and `npm test` prepare everything themselves.
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";

const installed = (name) => {
  try {
    return createRequire(import.meta.url).resolve(name) !== "";
  } catch {
    return false;
  }
};

// Where it was told to install globally, npm tells so the installation of what the build needs, too, and that goes nowhere.
if (!installed("esbuild")) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_config_(global|location|prefix|local_prefix)$/i.test(name)),
  );
  const args = ["install", "--no-save", "--ignore-scripts", "--include=dev", "--no-audit", "--no-fund"];
  const npm = process.env.npm_execpath;
  if (npm?.endsWith("npm-cli.js")) execFileSync(process.execPath, [npm, ...args], { stdio: "inherit", env });
  else execFileSync("npm", args, { stdio: "inherit", env, shell: process.platform === "win32" });
}
execFileSync(process.execPath, ["scripts/build.mjs", "--production"], { stdio: "inherit" });
