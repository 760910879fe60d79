// Bundles the suites that run inside VS Code's extension host into out/test/vscode. `npm test` calls it; by hand:
// `node test/vscode/build.mjs`.
import { globSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "../..");
const outdir = join(root, "out", "test", "vscode");

/** Resolves with the path of the module whose `run()` runs every suite. */
export async function buildSuites() {
  rmSync(outdir, { recursive: true, force: true }); // a suite that was deleted must not go on running
  await build({
    absWorkingDir: root,
    entryPoints: ["test/vscode/index.ts", ...globSync("test/vscode/suite/*.test.ts", { cwd: root })],
    outbase: "test/vscode",
    outdir,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node22",
    sourcemap: "inline",
    // mocha finds its own parts by path, so it stays in node_modules.
    external: ["vscode", "mocha"],
    logLevel: "warning",
  });
  return join(outdir, "index.cjs");
}

if (process.argv[1] === import.meta.filename) await buildSuites();
