// Bundles the suite that runs inside VS Code's web extension host into out/test/web.
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "../..");
const outdir = join(root, "out", "test", "web");

/** Resolves with the path of the module whose `run()` runs the suite. */
export async function buildWebSuite() {
  rmSync(outdir, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: ["test/web/linting.ts"],
    outdir,
    outExtension: { ".js": ".cjs" }, // as for the extension itself: see scripts/build.mjs
    bundle: true,
    platform: "browser",
    format: "cjs",
    target: "es2023",
    sourcemap: "inline",
    external: ["vscode"],
    logLevel: "warning",
  });
  return join(outdir, "linting.cjs");
}
