/** The themes that the dashboard is looked at in, with the colours of a real VS Code: themes.test.ts writes and compares them. */
import { readFileSync } from "node:fs";

/** As VS Code names them; of light and dark ones, today's default and the one before. */
export const LABELS = {
  dark: "Dark Modern",
  light: "Light Modern",
  "dark-2026": "Dark 2026",
  "light-2026": "Light 2026",
  "high-contrast": "Default High Contrast",
  "high-contrast-light": "Default High Contrast Light",
} as const;
export type ThemeName = keyof typeof LABELS;

/** By the name of the variable without its `--vscode-`; what a theme leaves to the reader isn't there. */
export type Colors = Readonly<Record<string, string>>;

interface Theme {
  readonly bodyClass: string;
  readonly variables: Readonly<Record<string, string>>;
}

const FONTS = {
  "font-family": '"Liberation Sans", "DejaVu Sans", sans-serif',
  "font-size": "13px",
  "editor-font-family": '"DejaVu Sans Mono", monospace',
};

const COLORS: Record<ThemeName, Colors> = JSON.parse(
  readFileSync(new URL("data/themes.json", import.meta.url), "utf8"),
);

const theme = (name: ThemeName, bodyClass: string): Theme => ({ bodyClass, variables: { ...FONTS, ...COLORS[name] } });

export const THEMES: Record<ThemeName, Theme> = {
  dark: theme("dark", "vscode-dark"),
  light: theme("light", "vscode-light"),
  "dark-2026": theme("dark-2026", "vscode-dark"),
  "light-2026": theme("light-2026", "vscode-light"),
  "high-contrast": theme("high-contrast", "vscode-high-contrast"),
  "high-contrast-light": theme("high-contrast-light", "vscode-high-contrast vscode-high-contrast-light"),
};
