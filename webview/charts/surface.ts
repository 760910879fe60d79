/** What a chart is drawn on: the canvas on screen, or a file of lines and text. */
import { BasicPlatform } from "chart.js";
import { SvgSurface } from "./svg-context.ts";

export type Surface = HTMLCanvasElement | SvgSurface;

/** The part of a Chart.js configuration that says so: what is no element is not listened to, nor resized. */
export const drawingOn = (surface: Surface): { platform?: typeof BasicPlatform } =>
  surface instanceof SvgSurface ? { platform: BasicPlatform } : {};

/** Chart.js draws a line from a `Path2D`, which tells nobody its points, unless its segments may have styles of their own. */
export const lineOptions = (surface: Surface): { segment?: object } =>
  surface instanceof SvgSurface ? { segment: {} } : {};
