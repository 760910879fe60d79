import type { Diagnosis } from "../../../protocol/advice.ts";
import { formatCount, formatNumber } from "../format.ts";
import { logarithm } from "../logarithm.ts";
import type { ObservedLayers } from "../observed-step.ts";
import type { Diagnoser, SeriesFacts } from "./diagnoser.ts";
import { maySortByName, moduleOf } from "./layer-names.ts";

/** Samples that the mean goes back over, about; as many are needed. */
const SAMPLES = 20;
const FEWEST_MODULES = 4;
/** The first module's norm over the last one's. Healthy networks stay above 0.009. */
const VANISHED = 1e-3;
/** Correlation of the norms' logarithms with depth. A single module that stands out, at either end, makes for at most 0.78. */
const TREND = 0.8;

/**
 * The gradient shrinks from the last module to the first a thousandfold, and does so all the way: where it doesn't, one module's gradient
 * is large or small by itself. By means of the logarithms over about the last 20 samples.
 */
export class VanishingLayers implements Diagnoser {
  /** By layer: the mean of its logarithms, and how many samples there were. */
  private logs: number[] = [];
  private counts: number[] = [];
  private firstStep = 0;
  private lastStep = 0;

  observeLayers({ step, norms }: ObservedLayers): void {
    if (norms.length !== this.logs.length) {
      this.logs = new Array(norms.length).fill(0);
      this.counts = new Array(norms.length).fill(0);
      this.firstStep = step;
    }
    this.lastStep = step;
    const { logs, counts } = this;
    for (let layer = 0; layer < norms.length; layer++) {
      const norm = norms[layer]!;
      if (!(norm > 0 && norm < Number.POSITIVE_INFINITY)) continue;
      const count = counts[layer]! + 1;
      counts[layer] = count;
      logs[layer]! += (logarithm(norm) - logs[layer]!) / Math.min(count, SAMPLES);
    }
  }

  finding({ layers, optimizer }: SeriesFacts): Diagnosis | null {
    if (!this.counts.some((count) => count >= SAMPLES)) return null;
    const names = layers(this.logs.length);
    if (!names) return null;
    const squares = new Map<string, number>();
    for (const [layer, count] of this.counts.entries()) {
      if (count < SAMPLES) continue;
      const module = moduleOf(names[layer]!);
      squares.set(module, (squares.get(module) ?? 0) + Math.exp(2 * this.logs[layer]!));
    }
    const modules = [...squares].map(([name, square]) => ({ name, norm: Math.sqrt(square) }));
    const [first, last] = [modules[0], modules.at(-1)];
    if (!first || !last || modules.length < FEWEST_MODULES) return null;
    // PyTorch's parameters come as they were defined.
    if (!optimizer?.startsWith("torch.") && maySortByName(modules.map(({ name }) => name))) return null;
    if (first.norm >= VANISHED * last.norm || correlation(modules.map(({ norm }) => Math.log(norm))) < TREND)
      return null;
    return {
      kind: "vanishing",
      confidence: "likely",
      firstStep: this.firstStep,
      lastStep: this.lastStep,
      evidence: `The gradient of module ${first.name} has a norm of ${formatNumber(first.norm)}, that of module ${last.name} one of ${formatNumber(last.norm)}: it shrinks by a factor of ${formatCount(Number((last.norm / first.norm).toPrecision(2)))} over ${modules.length} modules, so the first ones hardly learn.`,
      next: "Look at the initialisation and the activations (a sigmoid or tanh that saturates), or add normalisation or residual connections. Clipping can't make a gradient larger.",
    };
  }
}

/** Of values with their places. */
function correlation(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let [both, places, squares] = [0, 0, 0];
  for (const [i, value] of values.entries()) {
    both += (i - middle) * (value - mean);
    places += (i - middle) ** 2;
    squares += (value - mean) ** 2;
  }
  return both / Math.sqrt(places * squares);
}
