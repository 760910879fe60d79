/** What must not be imported, or asked of the machine, where. Each is planted in a copy of the folder tree, and Biome must refuse it. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const FORBIDDEN: Record<string, string[]> = {
  protocol: ["node:fs", "ws", "../server/hub/host.ts", "../extension/main.ts", "vscode"],
  "server/lsp": ["vscode", "vscode-languageclient/node", "../../extension/main.ts", "../../webview/main.ts"],
  "server/hub": ["vscode", "../../extension/main.ts"],
  "server/analysis/rules": [
    "node:fs",
    "node:fs/promises",
    "node:path",
    "fs",
    "ws",
    "vscode",
    "vscode-languageserver",
    "vscode-languageserver-textdocument",
    "../../lsp/server.ts",
    "../../files/source.ts",
    "../../hub/host.ts",
    "../../cli/lint.ts",
  ],
  "server/configuration": [
    "node:fs",
    "node:fs/promises",
    "vscode-languageserver",
    "../lsp/server.ts",
    "../cli/lint.ts",
  ],
  "server/environment": ["vscode-languageserver", "../lsp/server.ts", "../cli/lint.ts"],
  "server/advice": ["node:fs", "node:path", "ws", "../hub/host.ts", "../lsp/server.ts", "../analysis/index.ts"],
  "server/advice/detectors": ["node:fs/promises", "../../hub/host.ts"],
  "server/web": ["node:path", "vscode", "vscode-languageserver/node", "../files/source.ts", "../hub/host.ts"],
  "extension/web": [
    "node:path",
    "ws",
    "vscode-languageclient/node",
    "../hub/hub-client.ts",
    "../../server/lsp/main.ts",
  ],
  extension: ["../server/analysis/index.ts", "../server/lsp/main.ts", "../webview/main.ts"],
  "extension/runs": ["../../server/hub/host.ts", "../../webview/main.ts"],
  webview: ["vscode", "node:fs", "ws", "../server/advice/monitor.ts", "../extension/main.ts"],
  "webview/charts": ["vscode", "../../server/analysis/index.ts"],
};

const ALLOWED: Record<string, string[]> = {
  protocol: ["./shape.ts"],
  "server/lsp": ["vscode-languageserver", "node:fs", "../analysis/index.ts", "../../protocol/lsp.ts"],
  "server/analysis/rules": ["web-tree-sitter", "../finding.ts", "./other.ts"],
  "server/configuration": ["node:path", "smol-toml", "ignore", "../analysis/index.ts"],
  "server/environment": ["node:fs", "smol-toml", "../analysis/version-range.ts"],
  "server/advice": ["./ring.ts", "../../protocol/advice.ts"],
  extension: ["vscode", "node:fs", "vscode-languageclient/node", "../protocol/lsp.ts", "./dashboard/panel.ts"],
  "server/web": ["vscode-languageserver/browser", "../lsp/server.ts", "../analysis/index.ts"],
  "extension/web": ["vscode", "vscode-languageclient/browser", "../commands/guarded.ts"],
  webview: ["chart.js", "../protocol/viewer.ts", "./charts/line.ts"],
};

/** What tells the time or reaches out of the program with no import at all. */
const AMBIENT = ["Date.now()", "performance.now()", "process.env", 'fetch("/")'];
const PURE = ["server/advice", "server/advice/detectors", "server/analysis/rules"];

/** Every way to write an import. */
const WAYS = [
  (name: string) => `import * as it from "${name}";\n\nexport const value = it;\n`,
  (name: string) => `import type { It } from "${name}";\n\nexport type Value = It;\n`,
  (name: string) => `export { it } from "${name}";\n`,
  (name: string) => `export const value = await import("${name}");\n`,
];

interface Planted {
  readonly folder: string;
  readonly name: string;
  readonly file: string;
}

const plant = (table: Record<string, string[]>, prefix: string): Planted[] =>
  Object.entries(table).flatMap(([folder, names]) =>
    names.map((name, i) => ({ folder, name, file: `${folder}/${prefix}${i}` })),
  );

describe("import bans", () => {
  const forbidden = plant(FORBIDDEN, "forbidden");
  const allowed = plant(ALLOWED, "allowed");
  const refused = new Map<string, string[]>();

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), "gradsight-imports-"));
    try {
      const settings = JSON.parse(await readFile(join(ROOT, "biome.json"), "utf8"));
      await writeFile(join(folder, "biome.json"), JSON.stringify({ ...settings, vcs: { enabled: false } }));
      for (const { file, name } of [...forbidden, ...allowed])
        for (const [way, write] of WAYS.entries()) {
          await mkdir(dirname(join(folder, file)), { recursive: true });
          await writeFile(join(folder, `${file}-${way}.ts`), write(name));
        }
      for (const place of [...PURE, "server/hub"])
        for (const [i, expression] of AMBIENT.entries()) {
          await mkdir(join(folder, place), { recursive: true });
          await writeFile(join(folder, place, `ambient${i}.ts`), `export const value = ${expression};\n`);
        }
      const report = await lint(folder);
      for (const { category, location } of report.diagnostics) {
        const path = location.path.replaceAll("\\", "/").replace(/^\.\//, "");
        refused.set(path, [...(refused.get(path) ?? []), category]);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  const BANS = ["lint/style/noRestrictedImports", "lint/style/useNodejsImportProtocol"];
  const bans = ({ file }: Planted) =>
    WAYS.map((_, way) => (refused.get(`${file}-${way}.ts`) ?? []).some((category) => BANS.includes(category)));

  for (const planted of forbidden)
    it(`${planted.folder} may not import ${planted.name}`, () => {
      expect(bans(planted)).toEqual(WAYS.map(() => true));
    });

  for (const planted of allowed)
    it(`${planted.folder} may import ${planted.name}`, () => {
      expect(bans(planted)).toEqual(WAYS.map(() => false));
    });

  const ambient = (place: string) => AMBIENT.map((_, i) => refused.get(`${place}/ambient${i}.ts`) ?? []);
  for (const place of PURE)
    it(`${place} may not ask for the time or reach out of the program`, () => {
      for (const categories of ambient(place)) expect(categories).toContain("lint/style/noRestrictedGlobals");
    });

  it("server/hub may", () => {
    expect(ambient("server/hub").flat()).not.toContain("lint/style/noRestrictedGlobals");
  });
});

async function lint(folder: string): Promise<{ diagnostics: { category: string; location: { path: string } }[] }> {
  const biome = join(ROOT, "node_modules", "@biomejs", "biome", "bin", "biome");
  const args = [biome, "lint", "--reporter=json", "--max-diagnostics=none", "."];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, maxBuffer: 1 << 26 }).catch(
    // It exits with 1 when it finds something.
    (error: { stdout: string }) => error,
  );
  return JSON.parse(stdout);
}
