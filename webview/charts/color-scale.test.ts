import { expect, test } from "vitest";
import { colorScale, roundRange } from "./color-scale.ts";

/** Relative luminance, by WCAG. */
function luminance(css: string): number {
  const [r, g, b] = css.match(/\d+/g)!.map((channel) => {
    const value = Number(channel) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
const contrast = (a: string, b: string) => {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
};
const PAPERS = { dark: "rgb(24, 24, 24)", light: "rgb(248, 248, 248)", black: "rgb(0, 0, 0)" };

test.each(Object.entries(PAPERS))("lightness grows away from %s paper with the norm, in even steps", (name, paper) => {
  const { colors } = colorScale({ min: 1e-6, max: 1 }, paper);
  const lightness = colors.map((css) => Math.cbrt(luminance(css)));
  const steps = lightness.slice(1).map((value, i) => (value - lightness[i]!) * (name === "light" ? -1 : 1));
  expect(Math.min(...steps)).toBeGreaterThan(-0.003);
  const tenths = Array.from({ length: 10 }, (_, i) => Math.abs(lightness[(i + 1) * 12]! - lightness[i * 12]!));
  expect(Math.max(...tenths) / Math.min(...tenths)).toBeLessThan(2);
  expect(contrast(colors.at(-1)!, paper)).toBeGreaterThan(7);
  expect(contrast(colors[0]!, paper)).toBeGreaterThan(1.2);
});

test("equal factors are equally far apart, and what is outside has the colour of the end", () => {
  const scale = colorScale({ min: 1e-4, max: 1 }, PAPERS.dark);
  expect(scale.colors.indexOf(scale.of(1e-2))).toBe(64);
  expect(scale.of(1e-9)).toBe(scale.colors[0]);
  expect(scale.of(50)).toBe(scale.colors.at(-1));
});

test("the range is round, and never empty", () => {
  expect(roundRange(0.0013, 7.2)).toEqual({ min: 0.001, max: 10 });
  expect(roundRange(0.03, 4)).toEqual({ min: 0.02, max: 5 });
  expect(roundRange(2, 2)).toEqual({ min: 1, max: 4 });
});
