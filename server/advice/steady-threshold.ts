import { roundThreshold } from "./threshold.ts";

const BAND = 1.25;

/** A suggestion that stands still while the rule's result wanders within 25 % of it: a number that jitters can't be trusted. */
export class SteadyThreshold {
  shown: number | null = null;

  update(computed: number): void {
    if (this.shown === null || computed > this.shown * BAND || computed < this.shown / BAND)
      this.shown = roundThreshold(computed);
  }
}
