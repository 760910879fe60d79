/** Vitest's global set-up: the tests of the server and of the command line drive the bundles, so these must be up to date. */
import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const BUNDLES = [
  "server.mjs",
  "hub.mjs",
  "cli.mjs",
  "web-tree-sitter.wasm",
  "tree-sitter-python.wasm",
  "THIRD-PARTY-NOTICES.txt",
];

export function setup(): void {
  const modified = (path: string) => statSync(join(ROOT, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = ["protocol", "server"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => modified(join(folder, name))),
  );
  const newest = Math.max(modified("package.json"), modified("scripts/build.mjs"), ...sources);
  // The grammars are copied with the time of their packages.
  const oldest = Math.min(...BUNDLES.filter((name) => name.endsWith(".mjs")).map((name) => modified(`dist/${name}`)));
  if (oldest > newest && BUNDLES.every((name) => modified(`dist/${name}`) > 0)) return;
  execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] });
}
