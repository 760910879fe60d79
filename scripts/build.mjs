// `npm run build [-- --watch] [--production]`: bundles the four programs into dist/. What each may import is said in ARCHITECTURE.md.
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, relative } from "node:path";
import { context } from "esbuild";
import { noticesOf } from "./notices.mjs";

const watch = process.argv.includes("--watch");
const production = process.argv.includes("--production");
const shared = {
  bundle: true,
  logLevel: "info",
  minify: production,
  sourcemap: production ? false : "linked",
  legalComments: "none", // they are in the notices, whole
  metafile: true,
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
const GRAMMARS = ["web-tree-sitter", "tree-sitter-python"].map((name) => require.resolve(`${name}/${name}.wasm`));
for (const grammar of GRAMMARS) copyFileSync(grammar, join("dist", basename(grammar)));

const bundled = new Set(GRAMMARS.map((grammar) => relative(".", grammar)));
for (const options of builds) {
  const build = await context(options);
  if (watch) await build.watch();
  else {
    const { metafile } = await build.rebuild();
    for (const input of Object.keys(metafile.inputs)) bundled.add(input);
    await build.dispose();
  }
}
if (!watch) writeFileSync("dist/THIRD-PARTY-NOTICES.txt", noticesOf([...bundled]));
