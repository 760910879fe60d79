/** The colours of the charts: custom properties that theme.css derives from VS Code's theme, read anew when it changes. */
import { color } from "chart.js/helpers";

/** Of the runs beside the one on screen, by their place. */
export const OVERLAY_COLORS = ["other-1", "other-2", "other-3", "other-4", "other-5", "other-6"] as const;

const NAMES = [
  "before",
  "after",
  "in-force",
  "suggested",
  "loss",
  "clip-rate",
  "learning-rate",
  "rate-2",
  "rate-3",
  "rate-4",
  "rate-5",
  "rate-6",
  "update-ratio",
  "step-time",
  ...OVERLAY_COLORS,
  "spike",
  "non-finite",
  "skipped",
  "restart",
  "text",
  "grid",
  "zero",
  "cursor",
  "paper",
] as const;
export type PaletteColor = (typeof NAMES)[number];

/** What may let something through, as a theme likes it. */
const BACKGROUND: ReadonlySet<PaletteColor> = new Set(["text", "grid", "zero", "cursor", "paper"]);

/** VS Code's colour for a chart's lines, which follows the text's, is too strong for a grid. */
const GRID_ALPHA = 0.2;

export interface Palette {
  readonly colors: Readonly<Record<PaletteColor, string>>;
  readonly font: string;
  readonly highContrast: boolean;
}

export function readPalette(): Palette {
  const style = getComputedStyle(document.body);
  const cssOf = (property: string) => style.getPropertyValue(property).trim();
  const colors = Object.fromEntries(
    NAMES.map((name) => [name, BACKGROUND.has(name) ? cssOf(`--chart-${name}`) : opaque(cssOf(`--chart-${name}`))]),
  );
  const highContrast = /vscode-high-contrast/.test(document.body.className);
  return {
    colors: {
      ...(colors as Record<PaletteColor, string>),
      grid: highContrast ? colors.grid! : translucent(colors.grid!, GRID_ALPHA),
      paper: over(colors.paper!, cssOf("--paper")),
    },
    font: style.fontFamily,
    highContrast,
  };
}

/** What is seen of a colour on another one: the paper of a chart has nothing below. */
export function over(value: string, below: string): string {
  const [top, under] = [color(value).rgb, color(below).rgb];
  if (!top || !under || top.a === 1) return value;
  const part = (of: "r" | "g" | "b") => Math.round(top[of] * top.a + under[of] * (1 - top.a));
  return `rgb(${part("r")}, ${part("g")}, ${part("b")})`;
}

/** The whole of a colour: VS Code's orange is that of a found word's background, through which one reads. */
export function opaque(value: string): string {
  const whole = color(value);
  return whole.valid && whole.rgb.a < 1 ? whole.alpha(1).rgbString() : value;
}

export const translucent = (value: string, alpha: number): string => color(value).alpha(alpha).rgbString();

/** VS Code changes the body's class and the root's variables when the theme changes. */
export function onThemeChange(listener: () => void): void {
  const observer = new MutationObserver(listener);
  observer.observe(document.body, { attributes: true, attributeFilter: ["class"] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["style", "class"] });
}
