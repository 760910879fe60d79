/**
 * Moving about a chart, by pointer and by keyboard. The surface is a slider over the steps: that is what it is to a screen
 * reader, and the arrow keys do what they do on any slider.
 */
import type { SeriesDetail } from "../../protocol/viewer.ts";
import type { Crosshair } from "./crosshair.ts";
import { pan, type StepWindow, wholeRun, zoom } from "./window.ts";

export interface Surface {
  readonly element: HTMLElement;
  /** What there is to move about in; null: nothing yet. */
  scene(): { readonly series: SeriesDetail; readonly window: StepWindow } | null;
  /** The step under a client x coordinate. */
  stepAt(clientX: number): number;
  /** The next step that the arrow keys come to. */
  neighbour(step: number, direction: 1 | -1): number;
  setWindow(window: StepWindow | null): void;
  /** The pointer is here; null: it has left. */
  point?(clientY: number | null): void;
  /** A click that was no drag. */
  click?(clientY: number): void;
  /** A double click; true where the surface has acted on it. */
  doubleClick?(clientX: number, clientY: number): boolean;
  /** Keys of the surface's own; true for one that it has acted on. */
  press?(key: string, shift: boolean): boolean;
}

const ZOOM_STEP = 0.7;
/** Shorter drags, in pixels, are clicks. */
const SHORTEST_DRAG = 5;

/** The steps on screen, and all that there are. */
function stepsOf({ scene }: Surface): { now: StepWindow; all: StepWindow } {
  const given = scene();
  const all = given ? wholeRun(given.series.firstStep, given.series.lastStep) : wholeRun(0, 1);
  return { now: given?.window ?? all, all };
}

export function attachGestures(surface: Surface, crosshair: Crosshair): void {
  attachPointer(surface, crosshair);
  attachWheel(surface);
  attachKeyboard(surface, crosshair);
}

function attachPointer({ element, stepAt, setWindow, point, click, doubleClick }: Surface, crosshair: Crosshair): void {
  let start: { x: number; step: number } | null = null;
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    start = { x: event.clientX, step: stepAt(event.clientX) };
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => {
    const step = stepAt(event.clientX);
    crosshair.move(Math.round(step));
    point?.(event.clientY);
    if (start && Math.abs(event.clientX - start.x) > SHORTEST_DRAG)
      crosshair.select({ from: Math.min(start.step, step), to: Math.max(start.step, step) });
  });
  let dragged = false;
  element.addEventListener("pointerup", () => {
    const selection = crosshair.selection;
    dragged = selection !== null;
    start = null;
    crosshair.select(null);
    if (selection) setWindow(selection);
  });
  element.addEventListener("click", ({ detail, clientY }) => {
    // The second click of a double one is none.
    if (!dragged && detail === 1) click?.(clientY);
  });
  element.addEventListener("pointercancel", () => {
    start = null;
    crosshair.select(null);
  });
  element.addEventListener("pointerleave", () => {
    if (start) return;
    crosshair.move(null);
    point?.(null);
  });
  element.addEventListener("dblclick", ({ clientX, clientY }) => {
    if (!doubleClick?.(clientX, clientY)) setWindow(null);
  });
}

/** Without focus the wheel scrolls the page, as a reader who is only passing by expects; with Ctrl or focus it zooms. */
function attachWheel(surface: Surface): void {
  const { element, stepAt, setWindow } = surface;
  element.addEventListener(
    "wheel",
    (event) => {
      const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
      if (!event.ctrlKey && !event.metaKey && !sideways && document.activeElement !== element) return;
      const { now, all } = stepsOf(surface);
      const zoomedOut = now.to - now.from >= all.to - all.from;
      if (zoomedOut && (sideways || event.deltaY > 0)) return;
      event.preventDefault();
      if (sideways) setWindow(pan(now, all, (event.deltaX || event.deltaY) / 600));
      else setWindow(zoom(now, all, stepAt(event.clientX), Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 200)));
    },
    { passive: false },
  );
}

function attachKeyboard(surface: Surface, crosshair: Crosshair): void {
  surface.element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (surface.press?.(event.key, event.shiftKey) || act(event.key, event.shiftKey, surface, crosshair))
      event.preventDefault();
  });
  surface.element.addEventListener("blur", () => crosshair.move(null));
}

/** Does what a key asks for; false when it asks for nothing. */
function act(key: string, shift: boolean, surface: Surface, crosshair: Crosshair): boolean {
  const { now, all } = stepsOf(surface);
  const step = crosshair.step ?? now.to;
  const go = (direction: 1 | -1, times: number) => {
    let target = step;
    for (let i = 0; i < times; i++) target = surface.neighbour(target, direction);
    crosshair.move(target);
  };
  const wider = now.to - now.from < all.to - all.from;
  switch (key) {
    case "ArrowLeft":
    case "ArrowDown":
      if (shift && wider) surface.setWindow(pan(now, all, -0.2));
      else go(-1, 1);
      return true;
    case "ArrowRight":
    case "ArrowUp":
      if (shift && wider) surface.setWindow(pan(now, all, 0.2));
      else go(1, 1);
      return true;
    case "PageUp":
      go(1, 10);
      return true;
    case "PageDown":
      go(-1, 10);
      return true;
    case "Home":
      crosshair.move(now.from);
      return true;
    case "End":
      crosshair.move(now.to);
      return true;
    case "+":
    case "=":
      surface.setWindow(zoom(now, all, step, ZOOM_STEP));
      return true;
    case "-":
    case "_":
      surface.setWindow(zoom(now, all, step, 1 / ZOOM_STEP));
      return true;
    case "0":
    case "Escape":
      surface.setWindow(null);
      return true;
    default:
      return false;
  }
}
