import type { Diagnosis } from "../../../protocol/advice.ts";
import { formatCount } from "../format.ts";
import type { ObservedLayers } from "../observed-step.ts";
import type { Diagnoser, SeriesFacts } from "./diagnoser.ts";
import { someOf } from "./layer-names.ts";

/** Samples in a row in which a gradient was exactly zero. */
const MANY = 20;

/** Parameters whose gradient is exactly zero at every sampled step while others' isn't. One without a gradient has no norm, and isn't meant. */
export class DeadLayers implements Diagnoser {
  /** By layer: in how many samples in a row it has been zero, and the step of the first of them. */
  private zeros: number[] = [];
  private since: number[] = [];
  private lastStep = 0;
  private alive = false;

  observeLayers({ step, norms }: ObservedLayers): void {
    if (norms.length !== this.zeros.length) {
      this.zeros = new Array(norms.length).fill(0);
      this.since = new Array(norms.length).fill(0);
    }
    this.lastStep = step;
    const { zeros, since } = this;
    let alive = false;
    let unknown = false;
    for (let layer = 0; layer < norms.length; layer++) {
      const norm = norms[layer]!;
      if (norm > 0) alive = true;
      else if (Number.isNaN(norm)) unknown = true;
      if (norm !== 0) zeros[layer] = 0;
      else {
        if (zeros[layer] === 0) since[layer] = step;
        zeros[layer]! += 1;
      }
    }
    // A run that has gone to NaN all over had gradients before.
    if (alive || !unknown) this.alive = alive;
  }

  finding({ layers }: SeriesFacts): Diagnosis | null {
    if (!this.alive) return null;
    const dead = this.zeros.flatMap((count, layer) => (count >= MANY ? [layer] : []));
    const names = dead.length === 0 ? null : layers(this.zeros.length);
    if (!names) return null;
    const firstStep = Math.min(...dead.map((layer) => this.since[layer]!));
    const has = dead.length === 1 ? "has" : "have";
    return {
      kind: "dead",
      confidence: "certain",
      firstStep,
      lastStep: this.lastStep,
      evidence: `${formatCount(dead.length)} of ${formatCount(names.length)} parameters ${has} had a gradient of exactly zero in each of the last ${MANY} samples or more: ${someOf(dead.map((layer) => names[layer]!))}.`,
      next: "See whether they take part in the loss (a detach, a branch that is never taken), and whether the activations behind them are stuck at zero, as ReLUs are after an update that was too large. No threshold changes a zero.",
    };
  }
}
