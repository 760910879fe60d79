import type { RunEvent } from "../../../protocol/telemetry.ts";
import type { ObservedStep } from "../observed-step.ts";

/** Watches one series for one kind of fault, in constant memory and time per step. */
export interface Detector {
  /** The event that this step completes, if any. Steps come in order; skipped ones too. */
  observe(step: ObservedStep): RunEvent | null;
}
