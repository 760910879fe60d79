/** What the pages of the bench have in common: how they are moved about, and when what they drew is on screen. */

/** What a page offers to the measurement that drives it, as `window.measured`. Times in milliseconds. */
export interface Measured {
  /** From the page's navigation until the run was painted. */
  readonly painted: Promise<number>;
  /** Moves about the chart, for `limit` at most. */
  drive(limit: number): Promise<Drive>;
}

export interface Drive {
  /** Between neighbouring frames. */
  readonly frames: number[];
  /** From the last move until what belongs to it was painted. */
  readonly settled: number;
}

export const offer = (measured: Measured): void => void Object.assign(window, { measured });

/** One move a frame: how much narrower the window gets around its middle, and by which share of its width it goes aside. */
export interface Move {
  readonly zoom: number;
  readonly pan: number;
}

/** In to about a fiftieth of the run, along it and back, and out again. */
export function moves(): Move[] {
  const many = (count: number, move: Move) => Array.from({ length: count }, () => move);
  return [
    ...many(40, { zoom: 1 / 1.1, pan: 0 }),
    ...many(80, { zoom: 1, pan: 0.05 }),
    ...many(80, { zoom: 1, pan: -0.05 }),
    ...many(40, { zoom: 1.1, pan: 0 }),
  ];
}

const nextFrame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));

/** Resolves with the time when what was drawn before, or is drawn in the next frame, is on screen. */
export async function onScreen(): Promise<number> {
  await nextFrame();
  await nextFrame();
  return performance.now();
}

export async function drive(
  make: (move: Move) => void,
  limit: number,
  settle: () => Promise<void> = async () => {},
): Promise<Drive> {
  const frames: number[] = [];
  const begun = performance.now();
  let last = await nextFrame();
  for (const move of moves()) {
    if (performance.now() - begun > limit) break;
    make(move);
    const now = await nextFrame();
    frames.push(now - last);
    last = now;
  }
  const moved = performance.now();
  await settle();
  return { frames, settled: (await onScreen()) - moved };
}

/** The window of a chart that is moved by setting its edges. */
export class MovedWindow {
  from = 0;
  to: number;
  private readonly last: number;

  constructor(last: number) {
    this.last = this.to = last;
  }

  move({ zoom, pan }: Move): void {
    const width = Math.min(this.last, (this.to - this.from) * zoom);
    const middle = (this.from + this.to) / 2 + pan * width;
    this.from = Math.min(Math.max(0, middle - width / 2), this.last - width);
    this.to = this.from + width;
  }
}

/** The run's norms, one a step, as fast as a page can have them. */
export async function norms(): Promise<Float64Array> {
  return new Float64Array(await (await fetch(`/norms${location.search}`)).arrayBuffer());
}
