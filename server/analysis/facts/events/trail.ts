/** Ways through a program, as a tree of events that they share: two that saw the same are the same object. */
import type { Path, StepEvent, TrainingEvent } from "./events.ts";
import { overlap } from "./parameters.ts";

const MAX_TRAILS = 32;
const MAX_EVENTS = 32;

export class Trail {
  static readonly start = (pending = false) => new Trail(null, null, pending);

  readonly event: TrainingEvent | null;
  /** A backward pass waits for its update. */
  readonly pending: boolean;
  /** How many events may clip. */
  readonly clips: number;
  readonly #previous: Trail | null;
  readonly #root: Trail;
  readonly #length: number;
  readonly #next = new Map<string, Trail>();
  #path: Path | null = null;

  private constructor(previous: Trail | null, event: TrainingEvent | null, pending = previous?.pending === true) {
    this.event = event;
    this.#previous = previous;
    this.#root = previous ? previous.#root : this;
    this.#length = previous ? previous.#length + 1 : 0;
    this.pending = event?.kind === "backward" || (event?.kind !== "step" && pending);
    this.clips = (previous?.clips ?? 0) + (event?.kind === "clip" || event?.kind === "unknown" ? 1 : 0);
  }

  append(event: TrainingEvent): Trail {
    const last = this.event;
    if (last?.id === event.id && event.kind !== "step") return this;
    if (!matters(event, this.pending)) return this;
    // Once is enough.
    if (event.kind === "unknown" && last?.kind === "unknown") return this;
    if (this.#length >= MAX_EVENTS) return this.#rebuilt(this.path.slice(1)).append(event);
    let next = this.#next.get(event.id);
    if (!next) {
      next = new Trail(this, event);
      this.#next.set(event.id, next);
    }
    return next;
  }

  /** With the update at its end, and nothing from before the same optimizer's update before last: no rule looks so far. */
  stepped(step: StepEvent): Trail {
    const same = this.path.flatMap((event, index) =>
      event.kind === "step" && overlap(event.optimizer.keys, step.optimizer.keys) ? [index] : [],
    );
    const from = same.at(-2);
    return (from === undefined ? this : this.#rebuilt(this.path.slice(from + 1))).append(step);
  }

  /** The events since this optimizer's previous update. */
  window(step: StepEvent): Path {
    const last = this.path.findLastIndex(
      (event) => event.kind === "step" && [...step.optimizer.keys].every((key) => event.optimizer.keys.has(key)),
    );
    return last === -1 ? this.path : this.#rebuilt(this.path.slice(last + 1)).path;
  }

  get path(): Path {
    this.#path ??= this.#previous && this.event ? [...this.#previous.path, this.event] : [];
    return this.#path;
  }

  #rebuilt(path: Path): Trail {
    return path.reduce<Trail>((trail, event) => {
      let next = trail.#next.get(event.id);
      if (!next) {
        next = new Trail(trail, event);
        trail.#next.set(event.id, next);
      }
      return next;
    }, this.#root);
  }
}

/** What can't be told matters only to gradients that wait for their update. */
export function matters(event: TrainingEvent, pending: boolean): boolean {
  if (pending || event.kind === "unknown") return pending;
  // Be it clipping by its looks, in a module of its own: arrays and losses are clipped, too.
  return event.kind !== "clip" || !event.origin || event.how === "norm" || event.how === "value";
}

export function merge(a: readonly Trail[], b: readonly Trail[] = []): readonly Trail[] {
  if (a === b || (b.length === 0 && a.length < 2)) return a;
  if (a.length === 0 && b.length < 2) return b;
  const all = [...new Set([...a, ...b])];
  return fewest(all, MAX_TRAILS);
}

/** At most so many ways through: those that clip, since a lost clip would be a false alarm. */
export function fewest(trails: readonly Trail[], most: number): readonly Trail[] {
  return trails.length <= most ? trails : trails.toSorted((x, y) => y.clips - x.clips).slice(0, most);
}
