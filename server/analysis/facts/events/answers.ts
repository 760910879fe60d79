/**
 * Answers to what is asked again after each keystroke. Each is found with values of its own, so that it follows from what it reads
 * alone, and is kept after an edit that leaves that as it was.
 */
import type { Current, Reads } from "../names/reads.ts";
import type { Values } from "../values/values.ts";

interface Answer {
  readonly found: unknown;
  readonly reads: Reads | null;
  /** When it was last known to hold. */
  round: number;
}

/** The names as they are now, and how something is found of them: with what it reads, or null where nobody can tell. */
export interface Reading {
  readonly now: Current;
  readonly read: <Found>(find: (values: Values) => Found) => { readonly found: Found; readonly reads: Reads | null };
}

export class Answers {
  readonly #reading: Reading;
  readonly #kept: Kept;

  constructor(reading: Reading, kept: Kept) {
    this.#reading = reading;
    this.#kept = kept;
    kept.round += 1;
  }

  /** `find`'s answer to a question of two objects, which stay the same as long as they are of the same statements. It may hold no offsets. */
  to<Found>(question: string, of: object, by: object, find: (values: Values) => Found): Found {
    const { round } = this.#kept;
    const { now, read } = this.#reading;
    const answers = this.#kept.about(question, of);
    const known = answers.get(by);
    if (known && (known.round === round || known.reads?.hold(now))) {
      known.round = round;
      return known.found as Found;
    }
    const answer = { ...read(find), round };
    answers.set(by, answer);
    return answer.found;
  }
}

/** What goes from one version of a text to the next. */
export class Kept {
  round = 0;
  readonly #answers = new Map<string, WeakMap<object, WeakMap<object, Answer>>>();

  about(question: string, of: object): WeakMap<object, Answer> {
    const all = this.#answers.get(question) ?? new WeakMap<object, WeakMap<object, Answer>>();
    this.#answers.set(question, all);
    const answers = all.get(of) ?? new WeakMap<object, Answer>();
    all.set(of, answers);
    return answers;
  }
}
