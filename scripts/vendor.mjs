/**
 * Puts the pure-Python websocket client into the probe as `gradsight._vendor.websockets`, so that nothing has to be
 * installed beside the script. The library imports itself by its own name, which would load the user's copy: those
 * imports are made relative to the vendored package.
 *
 *     node scripts/vendor.mjs [--python PYTHON]
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const VERSION = "15.0.1"; // the last for Python 3.9
const VENDOR = join(dirname(fileURLToPath(import.meta.url)), "..", "python", "gradsight", "_vendor");
// The synchronous client needs none of these.
const LEFT_OUT = ["asyncio", "legacy", "__main__.py", "cli.py", "auth.py", "http.py", "speedups.c", "speedups.pyi"];

const PACKAGE_DOC = `"""Libraries that the probe brings along, made by scripts/vendor.mjs; not edited by hand."""\n`;

/** Fetches, rewrites and puts the client in place, unless this version is there already. */
export async function vendor(python = findPython()) {
  const stamp = join(VENDOR, "websockets", "VENDORED");
  if (existsSync(stamp) && readFileSync(stamp, "utf8").trim() === VERSION) return false;
  const work = mkdtempSync(join(tmpdir(), "gradsight-vendor-"));
  try {
    const pip = ["-m", "pip", "--disable-pip-version-check", "--quiet"];
    const pure = ["--only-binary=:all:", "--implementation", "py", "--abi", "none", "--platform", "any"];
    execFileSync(
      python,
      [...pip, "download", "--no-deps", ...pure, "--python-version", "3.9", "--dest", work, `websockets==${VERSION}`],
      { stdio: ["ignore", "inherit", "inherit"] },
    );
    const wheel = join(work, `websockets-${VERSION}-py3-none-any.whl`);
    execFileSync(python, ["-m", "zipfile", "-e", wheel, work]);
    const source = join(work, "websockets");
    for (const name of LEFT_OUT) rmSync(join(source, name), { recursive: true, force: true });
    await rewrite(source);
    renameSync(join(work, `websockets-${VERSION}.dist-info`, "LICENSE"), join(source, "LICENSE"));
    writeFileSync(join(source, "VENDORED"), `${VERSION}\n`);
    mkdirSync(VENDOR, { recursive: true });
    writeFileSync(join(VENDOR, "__init__.py"), PACKAGE_DOC);
    rmSync(join(VENDOR, "websockets"), { recursive: true, force: true });
    move(source, join(VENDOR, "websockets"));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return true;
}

/** Makes the package's imports of itself relative, and fails on one that it doesn't know how to. */
async function rewrite(root) {
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(".py")) continue;
    const file = join(entry.parentPath, entry.name);
    const depth = file.slice(root.length + 1).split(/[\\/]/).length;
    const text = readFileSync(file, "utf8").replaceAll(
      /^(\s*)from websockets(\.[\w.]+)? import/gm,
      (_, indent, inner = "") => `${indent}from ${".".repeat(depth)}${inner.slice(1)} import`,
    );
    const left = /^\s*(import|from) websockets\b.*$/m.exec(text);
    if (left) throw new Error(`${entry.name}: can't make relative: ${left[0]}`);
    writeFileSync(file, text);
  }
}
