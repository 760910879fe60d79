/**
 * Puts the pure-Python websocket protocol into the probe as `gradsight._vendor.websockets`, so that nothing has to be
 * installed beside the script. The library imports itself by its own name, which would load the user's copy: those
 * imports are made relative to the vendored package. Its docstrings and comments, which nobody reads there, are left out.
 *
 *     node scripts/vendor.mjs
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { run } from "./programs.mjs";
import { explain, step } from "./progress.mjs";
import { OUT, ROOT } from "./setup/paths.mjs";
import { findPip } from "./setup/python.mjs";

const VERSION = "15.0.1"; // the last for Python 3.9
const VENDOR = join(ROOT, "python", "gradsight", "_vendor");
const TARGET = join(VENDOR, "websockets");
const STAMP = join(TARGET, "VENDORED");
// The protocol of a client that compresses nothing needs none of these.
const LEFT_OUT = [
  "asyncio",
  "legacy",
  "sync",
  "__main__.py",
  "cli.py",
  "auth.py",
  "connection.py",
  "http.py",
  "server.py",
  join("extensions", "permessage_deflate.py"),
  "speedups.c",
  "speedups.pyi",
];

/** What a folder that was made before must say, not to be made again. */
const MADE = `${VERSION} without comments, ${LEFT_OUT.join(", ")}`;

const PACKAGE_DOC = `"""Libraries that the probe brings along, made by scripts/vendor.mjs; not edited by hand."""\n`;

/** Fetches, rewrites and puts it in place, unless just that is there already. */
export async function vendor() {
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8").trim() === MADE) return;
  await step("Websocket protocol of the probe", async (note) => {
    const work = mkdtempSync(join(tmpdir(), "gradsight-vendor-"));
    const options = { cwd: work, log: join(OUT, "setup", "vendor.log"), onLine: note };
    try {
      const python = await findPip(work, options);
      const pure = ["--only-binary=:all:", "--implementation", "py", "--abi", "none", "--platform", "any"];
      const download = ["download", "--no-deps", ...pure, "--python-version", "3.9", "--dest", work];
      await run(python, ["-m", "pip", "--disable-pip-version-check", ...download, `websockets==${VERSION}`], options);
      await run(python, ["-m", "zipfile", "-e", `websockets-${VERSION}-py3-none-any.whl`, work], options);
      const source = join(work, "websockets");
      for (const name of LEFT_OUT) rmSync(join(source, name), { recursive: true, force: true });
      await rewrite(source);
      await run(python, [join(ROOT, "scripts", "strip-comments.py"), source], options);
      cpSync(join(work, `websockets-${VERSION}.dist-info`, "LICENSE"), join(source, "LICENSE"));
      rmSync(VENDOR, { recursive: true, force: true });
      mkdirSync(VENDOR, { recursive: true });
      writeFileSync(join(VENDOR, "__init__.py"), PACKAGE_DOC);
      cpSync(source, TARGET, { recursive: true });
      writeFileSync(STAMP, `${MADE}\n`); // last: without it the next run starts over
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
    return `websockets ${VERSION}`;
  });
}

/** Makes the package's imports of itself relative, and fails on one that it doesn't know how to. */
async function rewrite(root) {
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(".py")) continue;
    const file = join(entry.parentPath, entry.name);
    const depth = relative(root, file).split(/[\\/]/).length;
    const text = readFileSync(file, "utf8").replaceAll(
      /^(\s*)from websockets(?:\.([\w.]+))? import/gm,
      (_, indent, inner = "") => `${indent}from ${".".repeat(depth)}${inner} import`,
    );
    const left = /^\s*import websockets\b.*$/m.exec(text);
    if (left) throw new Error(`${entry.name}: can't make relative: ${left[0]}`);
    writeFileSync(file, text);
  }
}

if (import.meta.main) {
  try {
    await vendor();
  } catch (error) {
    explain(error);
    process.exitCode = 1;
  }
}
