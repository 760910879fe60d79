/** What is bundled goes with its licence. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { noticesOf } from "../../scripts/notices.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const notices = readFileSync(join(ROOT, "dist", "THIRD-PARTY-NOTICES.txt"), "utf8");
const titles = [...notices.matchAll(/^-{80}\n\n(\S+) [\d.]+$/gm)].map(([, name]) => name);

it("names the libraries, their own dependencies and the grammar, with the text of each licence", () => {
  // One of each program: the server's, the command line's, the hub's, the extension's, the dashboard's.
  for (const name of ["vscode-languageserver", "smol-toml", "ws", "vscode-languageclient", "chart.js"])
    expect(titles).toContain(name);
  expect(titles).toEqual(expect.arrayContaining(["@kurkle/color", "vscode-jsonrpc", "tree-sitter-python"]));
  expect(notices).toContain(readFileSync(join(ROOT, "node_modules/ws/LICENSE"), "utf8").trim());
});

it("leaves out what only builds and tests", () => {
  for (const name of ["esbuild", "vitest", "typescript", "uplot"]) expect(titles).not.toContain(name);
});

it("refuses a package without a licence", () => {
  const root = mkdtempSync(join(tmpdir(), "gradsight-notices-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const folder = join(root, "node_modules", "@some", "package");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "@some/package", version: "1.0.0" }));
  expect(() => noticesOf([join(folder, "lib", "index.js")])).toThrow("@some/package 1.0.0");
  writeFileSync(join(folder, "LICENCE.md"), "Do as you like.\n");
  expect(noticesOf([join(folder, "index.js"), "server/lsp/main.ts"])).toMatch(
    /^@some\/package 1\.0\.0\n\nDo as you like\.$/m,
  );
});
