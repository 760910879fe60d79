/** The colours that the other tests look at the dashboard with are those of a real VS Code. */
import assert from "node:assert/strict";
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { stopAll } from "../../scripts/programs.mjs";
import { scratchFolder } from "../../scripts/scratch.mjs";
import { ROOT } from "../../scripts/setup/paths.mjs";
import { VSCODE_SERVER } from "../../scripts/setup/vscode-server.mjs";
import { openBrowser } from "../host/browser.ts";
import { startVscodeHost } from "../host/vscode-host.ts";
import { type Colors, LABELS, type ThemeName } from "./themes.ts";

const SNAPSHOT = fileURLToPath(new URL("data/themes.json", import.meta.url));
/** What a workbench in that theme has in the name of its class. */
const FILES: Record<ThemeName, string> = {
  dark: "dark_modern",
  light: "light_modern",
  "dark-2026": "2026-dark",
  "light-2026": "2026-light",
  "high-contrast": "hc_black",
  "high-contrast-light": "hc_light",
};
const missing = existsSync(VSCODE_SERVER) ? false : "there is no VS Code here: npm run test:vscode sets it up";

test("the themes' colours are VS Code's own, and no other is read", { skip: missing }, async (t) => {
  const read = new Set(
    globSync("webview/**/*.{css,ts}", { cwd: ROOT }).flatMap((file) =>
      [...readFileSync(join(ROOT, file), "utf8").matchAll(/--vscode-([\w-]+)/g)].map((match) => match[1]!),
    ),
  );
  const scratch = scratchFolder("themes");
  const workspace = join(scratch, "workspace");
  const choose = (theme: ThemeName) =>
    writeFileSync(
      join(workspace, ".vscode", "settings.json"),
      JSON.stringify({ "workbench.colorTheme": LABELS[theme] }),
    );
  mkdirSync(join(workspace, ".vscode"), { recursive: true });
  choose("dark");
  const host = await startVscodeHost({ dataFolder: join(scratch, "data"), log: join(scratch, "vscode.log") });
  const browser = await openBrowser();
  t.after(async () => {
    await browser.close();
    await stopAll();
  });
  const page = await browser.newPage();
  await page.goto(host.address(workspace));
  const colors = {} as Record<ThemeName, Colors>;
  for (const theme of Object.keys(LABELS) as ThemeName[]) {
    choose(theme);
    await page.locator(`.monaco-workbench[class*="${FILES[theme]}"]`).waitFor({ timeout: 120_000 });
    // What the workbench has in force it hands to each webview.
    const rules = (await page.locator("style.contributedColorTheme").allTextContents()).join("\n");
    const all = [...rules.matchAll(/--vscode-([\w-]+):\s*([^;]+);/g)].map((match) => [match[1]!, match[2]!] as const);
    colors[theme] = Object.fromEntries(all.filter(([name]) => read.has(name)).sort());
  }
  const unknown = [...read].filter((name) => !Object.values(colors).some((theme) => name in theme));
  assert.deepEqual(unknown.sort(), ["editor-font-family", "font-family", "font-size"], "no colours, or mistyped");
  t.assert.fileSnapshot(colors, SNAPSHOT, { serializers: [(value) => `${JSON.stringify(value, null, 2)}\n`] });
});
