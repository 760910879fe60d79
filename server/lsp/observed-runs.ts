import type { ObservedRun } from "../analysis/index.ts";
import type { ObservedUpdate } from "../hub/observed/observed-update.ts";
import type { Host, SavedText } from "./host.ts";

/** The client's command that shows the run whose id is its one argument. */
export const OPEN_RUN_COMMAND = "gradsight.openRun";

const NOTHING: readonly ObservedRun[] = [];

interface File {
  readonly updates: readonly ObservedUpdate[];
  /** As the file was when this was told. */
  readonly saved: SavedText | null;
  /** For the text that was last asked about. */
  answer: { readonly text: string; readonly runs: readonly ObservedRun[] } | null;
}

/** What the hub tells of the scripts that are open, as it applies to what their text is now. */
export class ObservedRuns {
  readonly #host: Host;
  readonly #opensRuns: boolean;
  #files = new Map<string, File>();

  /** `opensRuns`: the client has {@link OPEN_RUN_COMMAND}. */
  constructor(host: Host, opensRuns: boolean) {
    this.#host = host;
    this.#opensRuns = opensRuns;
  }

  /** All that there is to tell now. */
  take(updates: readonly ObservedUpdate[]): void {
    const byFile = Map.groupBy(updates, ({ file }) => file);
    this.#files = new Map(
      [...byFile].map(([file, updates]) => [file, { updates, saved: this.#host.savedText(file), answer: null }]),
    );
  }

  /** Newest first. The same list as long as text and runs are the same. */
  of(path: string | null, text: string): readonly ObservedRun[] {
    const file = path === null ? undefined : this.#files.get(path);
    if (!file) return NOTHING;
    if (file.answer?.text !== text) {
      // Asked for with each keystroke, and needed where the text isn't what is saved.
      const hash = file.saved?.text === text ? file.saved.hash : this.#host.hash(text);
      const runs = file.updates.map((update) => this.#observed(update, isWhatRan(update, text, hash, file.saved)));
      file.answer = { text, runs };
    }
    return file.answer.runs;
  }

  #observed({ siteLine, clipLine, seenAt, ...update }: ObservedUpdate, current: boolean): ObservedRun {
    const fromZero = (line: number | null) => (line === null ? null : line - 1);
    const link = `command:${OPEN_RUN_COMMAND}?${encodeURIComponent(JSON.stringify([update.run]))}`;
    return {
      ...update,
      siteLine: fromZero(siteLine),
      clipLine: fromZero(clipLine),
      date: dateOf(seenAt),
      link: this.#opensRuns ? link : null,
      older: !current,
    };
  }
}

/** By the hash that the run told, else by the file's: it is what ran if it has not been written since. */
function isWhatRan(update: ObservedUpdate, text: string, hash: string, saved: SavedText | null): boolean {
  return update.hash === null ? saved?.text === text && saved.modified <= update.startedAt : update.hash === hash;
}

/** "20 November", with the year where it is another one. */
function dateOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  const year = date.getFullYear() === new Date().getFullYear() ? undefined : "numeric";
  return date.toLocaleDateString("en-GB", { day: "numeric", month: "long", year });
}
