/** What viewers ask of one probe whose run allows control. At most one change of a series is under way. */
import type { AskedThreshold, Override, PausedAt, Proceeding } from "../../../protocol/control.ts";
import type { HubToProbeMessage, ProbeMessage, SeriesInfo } from "../../../protocol/telemetry.ts";
import type { RunControl } from "../../../protocol/viewer.ts";

type Controlled = Extract<ProbeMessage, { type: "controlled" }>;
type State = Controlled["control"];

/** What can't be changed; the message says why. */
export class NotControlled extends Error {}

interface Pending {
  readonly series: string;
  readonly threshold: AskedThreshold;
  readonly resolve: () => void;
  readonly reject: (reason: NotControlled) => void;
}

export class LiveControl {
  private overrides: readonly Override[] = [];
  private waits: PausedAt | null = null;
  private readonly worldSize: number;
  private readonly send: (message: HubToProbeMessage) => void;
  private readonly pending = new Map<number, Pending>();
  private next = 0;

  constructor(state: State, worldSize: number, send: (message: HubToProbeMessage) => void) {
    this.told(state);
    this.worldSize = worldSize;
    this.send = send;
  }

  /** Resolves once it holds, after the update that is under way. @throws {NotControlled} */
  async ask(series: SeriesInfo, threshold: AskedThreshold): Promise<void> {
    const refusal = this.refusal(series);
    if (refusal !== null) throw new NotControlled(refusal);
    if ([...this.pending.values()].some((other) => other.series === series.id))
      throw new NotControlled("The change that was asked for before has yet to be made.");
    const id = this.next++;
    await new Promise<void>((resolve, reject) => {
      this.pending.set(id, { series: series.id, threshold, resolve, reject });
      this.send({ type: "control", id, series: series.id, threshold });
    });
  }

  /** The probe has answered. An answer that nobody waits for changes what is known to be in force, and nothing else. */
  answered({ id, err, control }: Controlled): void {
    this.told(control);
    const pending = this.pending.get(id);
    this.pending.delete(id);
    if (err === null) pending?.resolve();
    else pending?.reject(new NotControlled(err));
  }

  get paused(): PausedAt | null {
    return this.waits;
  }

  /** What holds now. */
  told({ overrides, paused }: State): void {
    this.overrides = overrides;
    this.waits = paused;
  }

  /** @throws {NotControlled} */
  proceed(step: number, action: Proceeding): void {
    if (this.waits?.step !== step) throw new NotControlled("The run does not wait at this step.");
    if (action === "skip" && !this.waits.canSkip) throw new NotControlled("This optimizer can't leave an update out.");
    this.send({ type: "proceed", step, action });
  }

  /** The connection is gone: whether what was asked for was heard isn't known. */
  close(): void {
    const reason = new NotControlled(
      "The connection to the run was lost. Whether it was changed shows when it is back.",
    );
    for (const { reject } of this.pending.values()) reject(reason);
    this.pending.clear();
  }

  /** As viewers see it; `declared`: the series of the run. */
  view(declared: readonly SeriesInfo[]): RunControl {
    const refusals = declared.flatMap((series) => {
      const refusal = this.refusal(series);
      return refusal === null ? [] : [[series.id, refusal] as const];
    });
    return {
      overrides: [...this.overrides],
      pending: [...this.pending.values()].map(({ series, threshold }) => ({ series, threshold })),
      refusals: Object.fromEntries(refusals),
      paused: this.waits,
    };
  }

  private refusal({ clip, fixed }: SeriesInfo): string | null {
    if (this.worldSize > 1)
      return "The ranks of a distributed run would have to change at the same step, which they can't be made to.";
    if (clip === null) return "This run has no clip whose threshold could be changed.";
    return fixed ?? null; // of a series that was stored before probes told
  }
}
