// `npm run build [-- --watch] [--production]`: bundles the four programs into dist/. What each may import is said in ARCHITECTURE.md.
import { copyFileSync, mkdirSync, readdirSync, rmSync } from "node:fs";
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
const node = { ...shared, platform: "node", target: "node22" };
/** ES modules, so that what they have in common (the analysis) is there once: beside them, where their other files lie. */
const programs = {
  ...node,
  format: "esm",
  splitting: true,
  chunkNames: "shared-[hash]",
  outExtension: { ".js": ".mjs" },
  // For the CommonJS libraries among them.
  banner: {
    js: 'import { createRequire as makeRequire } from "node:module";\nconst require = makeRequire(import.meta.url);',
  },
};

// The ES module build reads `import.meta.url`, which no script has, and asks for Node in a worker.
const PARSER = { "web-tree-sitter": require.resolve("web-tree-sitter") };
const web = { ...shared, platform: "browser", target: "es2023", outdir: "dist/web" };

const builds = [
  {
    ...node,
    format: "cjs",
    outExtension: { ".js": ".cjs" },
    entryPoints: { extension: "extension/main.ts" },
    external: ["vscode"],
  },
  {
    ...programs,
    entryPoints: { server: "server/lsp/main.ts", hub: "server/hub/worker.ts", cli: "server/cli/main.ts" },
  },
  {
    ...shared,
    platform: "browser",
    format: "iife",
    target: "es2023",
    outdir: "dist/webview",
    entryPoints: { dashboard: "webview/main.ts" },
  },
  {
    ...web,
    format: "cjs",
    entryPoints: { extension: "extension/web/main.ts" },
    // In a package of type "module", VS Code takes .js for an ES module, which a web extension host refuses.
    outExtension: { ".js": ".cjs" },
    external: ["vscode"],
  },
  {
    ...web,
    format: "iife",
    entryPoints: { server: "server/web/main.ts" },
    alias: { ...PARSER, "node:path": "./server/web/posix-path.ts" },
    define: { "process.platform": '"web"' },
  },
];

mkdirSync("dist", { recursive: true });
// Their names tell what they hold, so that a new one doesn't replace an old one.
for (const name of readdirSync("dist")) if (name.startsWith("shared-")) rmSync(`dist/${name}`);
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
