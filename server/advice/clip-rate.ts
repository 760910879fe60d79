import { normThreshold, type ObservedStep } from "./observed-step.ts";

const WINDOW = 200;

/** How often clipping changed the gradient: over the last 200 steps, and ever. Steps that can't tell don't count. */
export class ClipRate {
  /** Steps of the whole run that could tell, and those that were clipped. */
  total = 0;
  clipped = 0;
  private readonly recent = new Uint8Array(WINDOW);
  private recentClipped = 0;

  observe(step: ObservedStep): void {
    const clipped = wasClipped(step);
    if (clipped === null) return;
    const slot = this.total % WINDOW;
    this.recentClipped += Number(clipped) - this.recent[slot]!;
    this.recent[slot] = Number(clipped);
    this.total += 1;
    if (clipped) this.clipped += 1;
  }

  /** Share of the last 200 steps that were clipped; null while none could tell. */
  get rate(): number | null {
    return this.total === 0 ? null : this.recentClipped / Math.min(this.total, WINDOW);
  }
}

/**
 * Whether clipping changed the gradient. null where that can't be known: an update that didn't happen, a norm that is
 * missing or not finite, and, clipping by value or adaptively, no norm after it.
 */
export function wasClipped(step: ObservedStep): boolean | null {
  const { normPre, normPost, skipped } = step;
  if (skipped || normPre === null || !Number.isFinite(normPre)) return null;
  const threshold = normThreshold(step);
  if (threshold !== null) return normPre > threshold;
  // Rounding may change a norm a little without any clipping.
  return normPost === null ? null : normPost < normPre * (1 - 1e-6);
}
