/**
 * Colours for norms, on a logarithmic scale: equal factors look equally far apart. Lightness alone tells the order, so that it
 * holds without colour vision and in print; the hue, from blue to yellow, helps those who see it. What is large stands out
 * from the paper, what is small comes near it.
 */
import { color } from "chart.js/helpers";
import type { Range } from "./range.ts";

/** Colours that are told apart; more can't be. */
const STEPS = 129;
/** The lightness in OKLab of the smallest and the largest norm. Both keep clear of the paper, which stands for gaps. */
const ON_DARK = [0.36, 0.94] as const;
const ON_LIGHT = [0.9, 0.26] as const;
/** Hue in degrees, of the dark end and of the light end, and the greatest chroma between them. */
const HUES = [285, 100] as const;
const CHROMA = 0.13;

export interface ColorScale {
  readonly range: Range;
  /** CSS colours from the smallest to the largest norm. */
  readonly colors: readonly string[];
  /** The colour of a norm > 0; outside of the range, that of its end. */
  of(norm: number): string;
}

export function colorScale(range: Range, paper: string): ColorScale {
  const { r, g, b } = color(paper).rgb;
  const [first, last] = r * 0.299 + g * 0.587 + b * 0.114 > 128 ? ON_LIGHT : ON_DARK;
  const colors = Array.from({ length: STEPS }, (_, i) => {
    const lightness = first + ((last - first) * i) / (STEPS - 1);
    const light = (lightness - 0.26) / (0.94 - 0.26);
    const hue = HUES[0] + (HUES[1] - HUES[0]) * light;
    return oklch(lightness, CHROMA * Math.sin(Math.PI * (0.2 + 0.6 * light)), hue);
  });
  const [low, span] = [Math.log(range.min), Math.log(range.max / range.min)];
  const of = (norm: number) => {
    const share = (Math.log(norm) - low) / span;
    return colors[Math.min(STEPS - 1, Math.max(0, Math.round(share * (STEPS - 1))))]!;
  };
  return { range, colors, of };
}

/** The next number of 1, 2, 5, 10 … below and above, so that colours stay as they are while a run goes on. */
export function roundRange(low: number, high: number): Range {
  const rounded = (value: number, down: boolean) => {
    const power = 10 ** Math.floor(Math.log10(value));
    const choices = [1, 2, 5, 10].map((factor) => Number((factor * power).toPrecision(1)));
    return down ? choices.findLast((choice) => choice <= value)! : choices.find((choice) => choice >= value)!;
  };
  const [min, max] = [rounded(low, true), rounded(high, false)];
  return min < max ? { min, max } : { min: min / 2, max: max * 2 };
}

/** sRGB of a colour in OKLCH. Source: https://bottosson.github.io/posts/oklab/ */
function oklch(lightness: number, chroma: number, hue: number): string {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  const channels = linear.map((value) => {
    const clamped = Math.min(1, Math.max(0, value));
    return Math.round(255 * (clamped <= 0.0031308 ? 12.92 * clamped : 1.055 * clamped ** (1 / 2.4) - 0.055));
  });
  return `rgb(${channels.join(", ")})`;
}
