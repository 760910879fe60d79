/** The ways out of a statement. */
import { merge, type Trail } from "./trail.ts";

export type Trails = readonly Trail[];

export interface Outcome {
  readonly next: Trails;
  readonly returned: Trails;
  readonly broken: Trails;
  readonly continued: Trails;
}

/** What simply goes on. */
export const passing = (next: Trails): Outcome => ({ next, returned: [], broken: [], continued: [] });

/** Either of two ways. */
export function join(a: Outcome, b: Outcome): Outcome {
  return {
    next: merge(a.next, b.next),
    returned: merge(a.returned, b.returned),
    broken: merge(a.broken, b.broken),
    continued: merge(a.continued, b.continued),
  };
}
