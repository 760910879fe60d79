/** Removes what the user doesn't want kept any longer: too old runs, then the oldest until the store is small enough. */
import type { RunSummary, ViewerRequest } from "../../../protocol/viewer.ts";
import type { StoredAttempt } from "../store/attempts.ts";
import type { StoredRun } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import { isArriving } from "./status.ts";

export type Policy = Pick<Extract<ViewerRequest, { method: "retain" }>, "keepDays" | "maxMegabytes">;

const DAY = 86_400;
/** Seconds after which an import that has not arrived was cut off by a crash. */
const STRANDED_AFTER = DAY;

export class Retention {
  private readonly store: Store;
  private readonly summaries: () => readonly RunSummary[];
  private readonly remove: (run: string) => void;

  /** `remove` deletes a run and leaves its space to the store. */
  constructor(store: Store, summaries: () => readonly RunSummary[], remove: (run: string) => void) {
    this.store = store;
    this.summaries = summaries;
    this.remove = remove;
  }

  /** Letting other work through between runs. Returns the names of those that it removed. */
  async apply({ keepDays, maxMegabytes }: Policy): Promise<string[]> {
    this.forgetStranded();
    const removed: string[] = [];
    const remove = async (run: RunSummary) => {
      this.remove(run.id);
      removed.push(run.name);
      await new Promise((resolve) => setImmediate(resolve));
    };
    const oldest = this.removable();
    const now = Date.now() / 1000;
    if (keepDays > 0) for (const { run, at } of oldest) if (at < now - keepDays * DAY) await remove(run);
    // One that alone is too large has only just been recorded: the newest stays.
    const rest = oldest.slice(removed.length).filter(({ isNewest }) => !isNewest);
    if (maxMegabytes > 0) for (const { run } of rest) if (this.store.usedBytes > maxMegabytes * 1e6) await remove(run);
    if (removed.length > 0) await this.store.shrink();
    return removed;
  }

  /** Oldest first, by when something was last heard of it here. A starred run, or one that is running, never is. */
  private removable(): { run: RunSummary; at: number; isNewest: boolean }[] {
    const added = new Map(this.store.runs.list().map(({ id, addedAt }) => [id, addedAt ?? 0]));
    const all = this.summaries()
      .map((run) => ({ run, at: Math.max(run.lastSeen, added.get(run.id) ?? 0) }))
      .sort((a, b) => a.at - b.at);
    return all
      .map((one) => ({ ...one, isNewest: one === all.at(-1) }))
      .filter(({ run }) => !run.starred && run.status !== "running");
  }

  private forgetStranded(): void {
    const before = Date.now() / 1000 - STRANDED_AFTER;
    const attempts = Map.groupBy(this.store.attempts.list(), ({ run }) => run);
    const isStranded = (run: StoredRun, ofRun: readonly StoredAttempt[]) =>
      run.addedAt !== null && run.addedAt < before && isArriving(run, ofRun);
    for (const run of this.store.runs.list())
      if (isStranded(run, attempts.get(run.key) ?? [])) this.store.transaction(() => this.store.runs.forget(run.id));
  }
}
