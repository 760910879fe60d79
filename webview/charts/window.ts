import type { Range } from "./range.ts";

/** The steps on screen. `null` stands for the whole run, which grows with it. */
export interface StepWindow {
  readonly from: number;
  readonly to: number;
}

const NARROWEST = 4;

/** All steps of a series. */
export const wholeRun = (firstStep: number, lastStep: number): StepWindow => ({ from: firstStep, to: lastStep });

/** What the step axis shows: a run of one step has it in the middle. */
export const stepRange = ({ from, to }: StepWindow): Range =>
  from === to ? { min: from - 0.5, max: to + 0.5 } : { min: from, max: to };

export const visibleWindow = (window: StepWindow | null, whole: StepWindow): StepWindow =>
  window === null ? whole : (confine(window, whole) ?? whole);

/** Scales the window by `factor` (< 1 zooms in) so that `around` stays where it is on screen. */
export function zoom(window: StepWindow, whole: StepWindow, around: number, factor: number): StepWindow | null {
  const center = Math.min(Math.max(around, window.from), window.to);
  return confine({ from: center - (center - window.from) * factor, to: center + (window.to - center) * factor }, whole);
}

/** Moves the window by a share of its width. */
export function pan(window: StepWindow, whole: StepWindow, share: number): StepWindow | null {
  const shift = (window.to - window.from) * share;
  return confine({ from: window.from + shift, to: window.to + shift }, whole);
}

/** Whole steps inside the run, not narrower than can be read; null when that is the whole run. */
export function confine(window: StepWindow, whole: StepWindow): StepWindow | null {
  const width = Math.max(NARROWEST, Math.round(window.to - window.from));
  if (width >= whole.to - whole.from) return null;
  const centered = Math.round((window.from + window.to - width) / 2);
  const from = Math.min(Math.max(centered, whole.from), whole.to - width);
  return { from, to: from + width };
}
