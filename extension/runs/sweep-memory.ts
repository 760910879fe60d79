/** What the user chose for the trials of each script in this workspace, and how far they came. */
import { createHash } from "node:crypto";
import type { Memento, Uri } from "vscode";
import { type Of, object, text, whole } from "../../protocol/shape.ts";

const options = object({
  /** As `--thresholds` takes them; empty: around the norm of the script's own training. */
  thresholds: text(1000),
  /** Of each short trial; 0: as many as suit the script's own training. */
  steps: whole,
  /** Of the trials that the leader has to pass; 0: four times as many, or the whole training. */
  longer: whole,
  seeds: whole,
  /** At a time; 0: as many as suit the device. */
  jobs: whole,
});
export type SweepOptions = Of<typeof options>;

export const DEFAULTS: SweepOptions = { thresholds: "", steps: 0, longer: 0, seeds: 2, jobs: 0 };

/** `sweep`: what makes it the same sweep, which goes on. `wanted`: which of its trials were. */
const progress = object({ sweep: text(64), wanted: text(2000), done: whole, trials: whole });
export type Come = Pick<Of<typeof progress>, "done" | "trials">;

/** What a sweep is of: as long as this is the same, `python -m gradsight sweep` goes on where it was. */
export function identityOf(script: string, args: readonly string[], python: string, { steps }: SweepOptions): string {
  return createHash("sha256")
    .update(JSON.stringify([script, args, python, steps]))
    .digest("hex");
}

export class SweepMemory {
  private readonly memory: Memento;

  constructor(memory: Memento) {
    this.memory = memory;
  }

  optionsOf(script: Uri): SweepOptions {
    return this.read(`sweep:${script.toString()}`, options) ?? DEFAULTS;
  }

  async choose(script: Uri, chosen: SweepOptions): Promise<void> {
    await this.memory.update(`sweep:${script.toString()}`, chosen);
  }

  /** How far this sweep came, if the last one of this script was this one. Of other trials of it only what is done is known. */
  progressOf(script: Uri, sweep: string, chosen: SweepOptions): Come | null {
    const known = this.read(`swept:${script.toString()}`, progress);
    if (known === null || known.sweep !== sweep || known.done === 0) return null;
    return { done: known.done, trials: known.wanted === wanted(chosen) ? known.trials : Number.POSITIVE_INFINITY };
  }

  async came(script: Uri, sweep: string, chosen: SweepOptions, come: Come): Promise<void> {
    await this.memory.update(`swept:${script.toString()}`, { sweep, wanted: wanted(chosen), ...come });
  }

  private read<T>(key: string, shape: (value: unknown) => T): T | null {
    try {
      return shape(this.memory.get(key));
    } catch {
      return null; // never kept, or by another version
    }
  }
}

function wanted({ thresholds, longer, seeds }: SweepOptions): string {
  return `${thresholds} ${longer} ${seeds}`;
}
