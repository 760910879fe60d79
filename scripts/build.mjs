// `npm run build [-- --watch] [--production]`: bundles the four programs into dist/. What each may import is said in ARCHITECTURE.md.
import { copyFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { context } from "esbuild";

const watch = process.argv.includes("--watch");
const production = process.argv.includes("--production");
const shared = {
  bundle: true,
  logLevel: "info",
  minify: production,
  sourcemap: production ? false : "linked",
  legalComments: "none",
  outdir: "dist",
};
const require = createRequire(import.meta.url);
const node = {
  ...shared,
  // The ES module build reads `import.meta.url`, which a CommonJS bundle has not.
  alias: { "web-tree-sitter": require.resolve("web-tree-sitter") },
  platform: "node",
  format: "cjs",
  target: "node22",
  outExtension: { ".js": ".cjs" },
};

const builds = [
  { ...node, entryPoints: { extension: "extension/main.ts" }, external: ["vscode"] },
  { ...node, entryPoints: { server: "server/lsp/main.ts", hub: "server/hub/worker.ts", cli: "server/cli/main.ts" } },
  {
    ...shared,
    platform: "browser",
    format: "iife",
    target: "es2023",
    outdir: "dist/webview",
    entryPoints: { dashboard: "webview/main.ts" },
  },
];

mkdirSync("dist", { recursive: true });
copyFileSync(require.resolve("web-tree-sitter/web-tree-sitter.wasm"), "dist/web-tree-sitter.wasm");
copyFileSync(require.resolve("tree-sitter-python/tree-sitter-python.wasm"), "dist/tree-sitter-python.wasm");

for (const options of builds) {
  const build = await context(options);
  if (watch) await build.watch();
  else {
    await build.rebuild();
    await build.dispose();
  }
}
