import { hashedCell } from "../../protocol/telemetry.ts";
import type { ObservedRun } from "../analysis/index.ts";
import type { ObservedUpdate } from "../hub/observed/observed-update.ts";
import type { Cells } from "../notebooks/cells.ts";
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
      const runs = file.updates.map((update) =>
        this.#observed(update, { older: !isWhatRan(update, text, hash, file.saved) }),
      );
      file.answer = { text, runs };
    }
    return file.answer.runs;
  }

  /** The same for a notebook. */
  ofCells(path: string | null, cells: Cells): readonly ObservedRun[] {
    const file = path === null ? undefined : this.#files.get(path);
    if (!file) return NOTHING;
    const text = cells.all.map(({ source }) => source).join("\0");
    if (file.answer?.text !== text) file.answer = { text, runs: this.#inCells(file.updates, cells) };
    return file.answer.runs;
  }

  /**
   * A place stands in the cell whose text is what ran; where it has changed since, only the one update of a run can be told.
   * The run is one of this very text if the kernel had run all cells down to there as they are now.
   */
  #inCells(updates: readonly ObservedUpdate[], cells: Cells): ObservedRun[] {
    const hashes = cells.all.map(({ source }) => this.#host.hash(hashedCell(source)));
    const indexOf = (hash: string | null) => cells.only((_, index) => hashes[index] === hash);
    return updates.flatMap((update) => {
      const [site, clip] = [indexOf(update.siteCell), indexOf(update.clipCell)];
      const lineIn = (cell: number | null, line: number | null) =>
        cell === null || line === null ? null : cells.firstLine(cell) + line;
      if (site === null && clip === null) {
        if (updates.filter(({ run }) => run === update.run).length > 1) return [];
        return [this.#observed(update, { older: true })];
      }
      const ran = new Set(update.ranCells);
      const last = Math.max(site ?? 0, clip ?? 0);
      const older = hashes.some((hash, at) => at <= last && cells.source(at).trim() !== "" && !ran.has(hash));
      const places = { siteLine: lineIn(site, update.siteLine), clipLine: lineIn(clip, update.clipLine) };
      return [this.#observed({ ...update, ...places }, { older, placed: true })];
    });
  }

  #observed(
    { siteLine, clipLine, siteCell: _, clipCell: __, ranCells: ___, seenAt, ...update }: ObservedUpdate,
    text: Pick<ObservedRun, "older" | "placed">,
  ): ObservedRun {
    const fromZero = (line: number | null) => (line === null ? null : line - 1);
    const link = `command:${OPEN_RUN_COMMAND}?${encodeURIComponent(JSON.stringify([update.run]))}`;
    return {
      ...update,
      siteLine: fromZero(siteLine),
      clipLine: fromZero(clipLine),
      date: dateOf(seenAt),
      link: this.#opensRuns ? link : null,
      ...text,
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
