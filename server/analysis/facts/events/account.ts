/** What the walk comes across, each event once, with every path to it. */
import type { Call } from "../../syntax/ast.ts";
import type {
  ClipEvent,
  ClipSite,
  LogSite,
  Path,
  StepEvent,
  TrainingEvent,
  UnscaleEvent,
  UnscaleSite,
  UpdateSite,
} from "./events.ts";
import { matters, type Trail } from "./trail.ts";

export interface Account {
  readonly updates: UpdateSite[];
  /** The updates in other modules that calls in this file lead to. */
  readonly updatesElsewhere: UpdateSite[];
  readonly clips: ClipSite[];
  readonly unscales: UnscaleSite[];
  readonly logs: LogSite[];
}

export class Accountant {
  readonly #updates = new Map<string, { step: StepEvent; paths: Set<Path> }>();
  readonly #clips = new Map<string, { clip: ClipEvent; paths: Set<Path> }>();
  readonly #unscales = new Map<string, { unscale: UnscaleEvent; paths: Set<Path> }>();
  readonly #logs = new Map<Call, LogSite>();

  /** `trail` leads to the event. */
  note(trail: Trail, event: TrainingEvent): void {
    if (event.kind === "step") record(this.#updates, event.id, { step: event }, trail.window(event));
    if (event.kind === "clip" && event.how !== "by-hand" && matters(event, trail.pending))
      record(this.#clips, event.id, { clip: event }, trail.path);
    if (event.kind === "unscale") record(this.#unscales, event.id, { unscale: event }, trail.path);
  }

  log(site: LogSite): void {
    this.#logs.set(site.call, site);
  }

  /** What another walk came across, too. */
  add(other: Accountant): void {
    for (const [id, { step, paths }] of other.#updates)
      for (const path of paths) record(this.#updates, id, { step }, path);
    for (const [id, { clip, paths }] of other.#clips) for (const path of paths) record(this.#clips, id, { clip }, path);
    for (const [id, { unscale, paths }] of other.#unscales)
      for (const path of paths) record(this.#unscales, id, { unscale }, path);
    for (const site of other.#logs.values()) this.log(site);
  }

  get logs(): LogSite[] {
    return [...this.#logs.values()];
  }

  close(): Account {
    const updates = [...this.#updates.values()].map(({ step, paths }) => ({ step, paths: [...paths] }));
    return {
      updates: updates.filter(({ step }) => !step.origin),
      updatesElsewhere: updates.filter(({ step }) => step.origin),
      clips: [...this.#clips.values()].map(({ clip, paths }) => ({ clip, paths: [...paths] })),
      unscales: [...this.#unscales.values()].map(({ unscale, paths }) => ({ unscale, paths: [...paths] })),
      logs: this.logs,
    };
  }
}

function record<T extends object>(into: Map<string, T & { paths: Set<Path> }>, id: string, item: T, path: Path): void {
  const known = into.get(id);
  if (known) known.paths.add(path);
  else into.set(id, { ...item, paths: new Set([path]) });
}
