/** The runs that the watched one is compared with: what is known of each, and its tile of the steps on screen. */
import type { RunDetail } from "../../protocol/viewer.ts";
import type { View } from "./feed.ts";
import { Live } from "./live.ts";
import type { Tile } from "./tile.ts";

/** They are looked at less closely than the watched one. */
const REST_MS = 1000;

/** A run as a whole, of all its series. */
interface Whole {
  readonly run: string;
  readonly series: "";
}

export interface ViewBeside extends View {
  /** It is of all steps of the watched run, which may go on. */
  readonly follows: boolean;
}

interface Asked {
  readonly detail: Live<Whole, RunDetail>;
  readonly tile: Live<ViewBeside, Tile>;
}

export interface Questions {
  askRun(run: string): Promise<RunDetail | null>;
  askTile(view: View): Promise<Tile | null>;
  isReady(): boolean;
  changed(): void;
}

/**
 * One tile of theirs is under way at a time, and the next is that of the run that has waited longest: so the watched run's own
 * never waits for more than one of them, and none of them for ever.
 */
export class Beside {
  readonly #questions: Questions;
  /** The one that was asked for a tile last comes last. */
  readonly #runs = new Map<string, Asked>();
  #asking: "none" | "one" | "answered" = "none";

  constructor(questions: Questions) {
    this.#questions = questions;
  }

  get runs(): Iterable<string> {
    return this.#runs.keys();
  }

  /** Compares with these runs from now on. */
  watch(runs: readonly string[]): void {
    for (const [run, { detail, tile }] of this.#runs) {
      if (runs.includes(run)) continue;
      detail.want(null);
      tile.want(null);
      this.#runs.delete(run);
    }
    for (const run of runs) {
      if (!this.#runs.has(run)) this.#runs.set(run, this.#create());
      this.#runs.get(run)!.detail.want({ run, series: "" });
    }
  }

  /** null: not told yet. */
  detailOf(run: string): RunDetail | null {
    return this.#runs.get(run)?.detail.answer ?? null;
  }

  tileOf(run: string): Tile | null {
    return this.#runs.get(run)?.tile.answer ?? null;
  }

  /** Shows these views; of a run that has none, nothing. */
  show(views: readonly ViewBeside[]): void {
    if (this.#asking === "answered") this.#asking = "none";
    for (const [run, { tile }] of [...this.#runs]) tile.want(views.find((view) => view.run === run) ?? null);
  }

  /** What is known of a run is to be asked for again. */
  outdate(run: string): void {
    for (const live of Object.values(this.#runs.get(run) ?? {})) live.outdate();
  }

  #create(): Asked {
    const { askRun, isReady, changed } = this.#questions;
    return {
      detail: new Live<Whole, RunDetail>(({ run }) => askRun(run), isReady, changed, REST_MS),
      tile: new Live<ViewBeside, Tile>(
        ({ follows: _, ...view }) => this.#askTile(view),
        () => isReady() && this.#asking === "none",
        changed,
        REST_MS,
      ),
    };
  }

  async #askTile(view: View): Promise<Tile | null> {
    const asked = this.#runs.get(view.run);
    if (asked) {
      this.#runs.delete(view.run);
      this.#runs.set(view.run, asked);
    }
    this.#asking = "one";
    try {
      return await this.#questions.askTile(view);
    } finally {
      // The next one is asked for when all are shown again, lest this one be the first to ask once more.
      this.#asking = "answered";
      this.#questions.changed();
    }
  }
}
