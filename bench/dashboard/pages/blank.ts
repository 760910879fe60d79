/** Canvases as the dashboard has in its window, cleared at each frame and otherwise blank: what this browser takes for that. */
import { drive, offer, onScreen } from "./measured.ts";

/** In CSS pixels, in a window of 1280 by 900: the norms, the loss and the clip rate. */
const SIZES = [
  { width: 887, height: 300 },
  { width: 427, height: 170 },
  { width: 427, height: 170 },
];

const canvases = SIZES.map(({ width, height }) => {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: width * devicePixelRatio, height: height * devicePixelRatio });
  canvas.style.cssText = `width: ${width}px; height: ${height}px`;
  document.body.append(canvas);
  return canvas;
});

function clear(): void {
  for (const canvas of canvases) canvas.getContext("2d")!.clearRect(0, 0, canvas.width, canvas.height);
}

async function paint(): Promise<number> {
  clear();
  return onScreen();
}

offer({
  painted: paint(),
  drive: (limit) => drive(() => requestAnimationFrame(clear), limit),
});
