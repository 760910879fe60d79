// Builds the extension for production and packs it as out/gradsight-<version>.vsix; refuses a package
// that holds anything but what it should.
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { run } from "../programs.mjs";
import { Advice } from "../progress.mjs";
import { environment } from "../setup/environment.mjs";
import { OUT, ROOT } from "../setup/paths.mjs";

const BUDGET = 1_500_000;
const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
export const VSIX = join(OUT, `gradsight-${version}.vsix`);

/** Builds, packs and checks; the probe's websocket client must be there (`vendor`). @returns {Promise<string>} the package's size, for people */
export async function packageExtension(log, note = () => {}) {
  const options = { cwd: ROOT, env: environment(), log, onLine: note };
  const node = (...args) => run(process.execPath, args, options);
  rmSync(join(ROOT, "dist"), { recursive: true, force: true });
  await node("scripts/build.mjs", "--production");
  rmSync(VSIX, { force: true });
  await node("node_modules/@vscode/vsce/vsce", "package", "--no-dependencies", "--out", VSIX);
  checkContent(readZipNames(readFileSync(VSIX)));
  const { size } = statSync(VSIX);
  if (size > BUDGET) throw new Advice(`The package has ${size} bytes; the budget is ${BUDGET}.`);
  return `${(size / 1000).toFixed(0)} kB`;
}

/** @param {string[]} names */
function checkContent(names) {
  const expected = new Set([
    "[Content_Types].xml",
    "extension.vsixmanifest",
    ...[
      "package.json",
      "package.nls.json",
      "readme.md",
      "changelog.md",
      "LICENSE.txt",
      "dist/extension.cjs",
      ...["server", "hub", "cli"].map((program) => `dist/${program}.mjs`),
      ...filesIn("dist").filter((name) => /^dist\/shared-\w+\.mjs$/.test(name)),
      "dist/THIRD-PARTY-NOTICES.txt",
      ...["web-tree-sitter", "tree-sitter-python"].map((grammar) => `dist/${grammar}.wasm`),
      "dist/web/extension.cjs",
      "dist/web/server.js",
      "dist/webview/dashboard.js",
      "dist/webview/dashboard.css",
      ...filesIn("l10n").filter((name) => name.endsWith(".json")),
      ...filesIn("media"),
      ...filesIn("docs/rules"),
      ...probeFiles(),
    ].map((name) => `extension/${name}`),
  ]);
  const missing = [...expected].filter((name) => !names.includes(name));
  const strange = names.filter((name) => !expected.has(name) || /\.(ts|map|pyc)$|\/tests?\/|__pycache__/.test(name));
  if (!names.some((name) => name.includes("/_vendor/websockets/"))) missing.push("python/gradsight/_vendor/websockets");
  if (missing.length) throw new Advice(`The package lacks:\n  ${missing.join("\n  ")}`);
  if (strange.length) throw new Advice(`The package holds what it should not:\n  ${strange.join("\n  ")}`);
}

/** What the probe consists of, in the extension as in the wheel. */
export const probeFiles = () => filesIn("python/gradsight");

function filesIn(folder) {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((name) => !name.includes("__pycache__"));
}

/** The names in a zip archive's central directory (APPNOTE.TXT 4.3.12, 4.3.16; no zip64: we are far below its bounds). */
export function readZipNames(zip) {
  const end = zip.lastIndexOf("PK\x05\x06", undefined, "latin1");
  const count = zip.readUInt16LE(end + 10);
  let position = zip.readUInt32LE(end + 16);
  return Array.from({ length: count }, () => {
    const [name, extra, comment] = [28, 30, 32].map((offset) => zip.readUInt16LE(position + offset));
    const text = zip.toString("utf8", position + 46, position + 46 + name);
    position += 46 + name + extra + comment;
    return text;
  }).filter((name) => !name.endsWith("/"));
}
