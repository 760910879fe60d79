// `node l10n/collect.mjs`: writes every translatable string of the extension and the dashboard into bundle.l10n.json, which
// translators copy to bundle.l10n.<language>.json. The English text is the key, as `vscode.l10n` has it.
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const SOURCES = [
  { files: "extension/**/*.ts", call: /\bl10n\.t\(\s*("(?:[^"\\]|\\.)*")/g },
  { files: "webview/**/*.ts", call: /(?<![\w.])t\(\s*("(?:[^"\\]|\\.)*")/g },
];

/** The bundle's text as it should be. */
export function collect() {
  const messages = SOURCES.flatMap(({ files, call }) =>
    globSync(files, { cwd: root })
      .filter((name) => !name.endsWith(".test.ts"))
      .flatMap((name) =>
        [...readFileSync(join(root, name), "utf8").matchAll(call)].map(([, text]) => JSON.parse(text)),
      ),
  );
  const sorted = [...new Set(messages)].sort();
  return `${JSON.stringify(Object.fromEntries(sorted.map((message) => [message, message])), null, 2)}\n`;
}

export const bundle = join(root, "l10n", "bundle.l10n.json");
if (process.argv[1] === import.meta.filename) writeFileSync(bundle, collect());
