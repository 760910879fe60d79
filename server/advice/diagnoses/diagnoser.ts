import type { Diagnosis } from "../../../protocol/advice.ts";
import type { RunEvent } from "../../../protocol/telemetry.ts";
import type { ClipRate } from "../clip-rate.ts";
import type { ObservedLayers, ObservedStep } from "../observed-step.ts";

/** What is known of a series when it is asked for. */
export interface SeriesFacts {
  /** The class of the optimizer, as the script would import it. */
  readonly optimizer: string | null;
  /** Names of its parameters, in the order of the norms of so many layers; null where it isn't known which they are. */
  layers(count: number): readonly string[] | null;
  readonly clipping: ClipRate;
  /** Threshold for the global norm. */
  readonly inForce: number | null;
}

/** Watches one series for one cause of trouble, in constant memory and time per step. */
export interface Diagnoser {
  /** Steps come in order, skipped ones too; `events` is what the detectors found at this one. */
  observe?(step: ObservedStep, events: readonly RunEvent[]): void;
  /** Constant memory per layer. */
  observeLayers?(layers: ObservedLayers): void;
  /** As it stands now; null where there is nothing to say. */
  finding(facts: SeriesFacts): Diagnosis | null;
}
