/** An answer of the hub that is kept up to date, for what is on screen. */
interface Question {
  readonly run: string;
  readonly series: string;
  /** The end of its steps is the run's, wherever that is by now: where only this moved on, nobody asked for anything else. */
  readonly follows?: boolean;
}

/**
 * Asks anew when what is wanted, or what the answer rests on, changed and no question is under way: a slow hub is asked
 * less. An answer stays until the next one, unless that is about another series.
 */
export class Live<Q extends Question, A> {
  answer: A | null = null;
  /** What `answer` was given to. */
  question: Q | null = null;

  readonly #ask: (question: Q) => Promise<A | null>;
  readonly #isReady: () => boolean;
  readonly #changed: () => void;
  #wanted: Q | null = null;
  readonly #rest: number;
  #stale = false;
  #inFlight = false;
  #resting: ReturnType<typeof setTimeout> | null = null;

  /** `rest`: milliseconds between an answer and asking the same once more, of what costs the hub much. */
  constructor(ask: (question: Q) => Promise<A | null>, isReady: () => boolean, changed: () => void, rest = 0) {
    this.#ask = ask;
    this.#isReady = isReady;
    this.#changed = changed;
    this.#rest = rest;
  }

  /** A newer answer to what is wanted now, or to what has changed since, is under way. */
  get isAsking(): boolean {
    return this.#inFlight || this.#stale;
  }

  /** Shows this from now on; null shows nothing. */
  want(wanted: Q | null): void {
    const old = this.#wanted;
    this.#wanted = wanted;
    if (!isOfSameSeries(old, wanted)) this.answer = this.question = null;
    if (!isEqual(old, wanted)) this.#stale = true;
    void this.#pump();
  }

  /** What was wanted is to be asked for again. */
  outdate(): void {
    this.#stale = true;
    void this.#pump();
  }

  /** The same, where what is wanted may change with it, too: the next `want` asks, so that one question does for both. */
  expire(): void {
    this.#stale = true;
  }

  async #pump(): Promise<void> {
    const question = this.#wanted;
    if (!this.#stale || this.#inFlight || question === null || !this.#isReady()) return;
    if (this.#resting !== null && isOnlyLater(question, this.question)) return;
    this.#stale = false;
    this.#inFlight = true;
    const answer = await this.#ask(question);
    this.#inFlight = false;
    if (this.#rest > 0) this.#takeRest();
    if (answer !== null && isOfSameSeries(question, this.#wanted)) {
      this.answer = answer;
      this.question = question;
      this.#changed();
    }
    void this.#pump();
  }

  #takeRest(): void {
    if (this.#resting !== null) clearTimeout(this.#resting);
    this.#resting = setTimeout(() => {
      this.#resting = null;
      void this.#pump();
    }, this.#rest);
  }
}

const isOfSameSeries = (a: Question | null, b: Question | null): boolean =>
  a?.run === b?.run && a?.series === b?.series;

/** The same once more, of a run that may have gone on. */
const isOnlyLater = <Q extends Question>(question: Q, answered: Q | null): boolean =>
  answered !== null &&
  (Object.keys(question) as (keyof Q)[]).every(
    (key) => question[key] === answered[key] || (key === "to" && question.follows === true),
  );

const isEqual = <Q extends object>(a: Q | null, b: Q | null): boolean =>
  a !== null && b !== null && (Object.keys(b) as (keyof Q)[]).every((key) => a[key] === b[key]);
