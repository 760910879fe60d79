/** Tells which run a script that was just started became. */
import type { Disposable } from "vscode";
import type { RunSummary } from "../../protocol/viewer.ts";
import type { HubClient } from "../hub/hub-client.ts";

/**
 * Resolves with the run of `script`, or with whichever where it is null, that began at `since` (Unix seconds) or later; with null once `ended` says that the
 * process is gone and the hub, asked again, still has none.
 */
export async function awaitRun(
  hub: HubClient,
  script: string | null,
  since: number,
  ended: Promise<unknown>,
): Promise<RunSummary | null> {
  const find = (runs: readonly RunSummary[]) =>
    runs.find(
      (run) => run.startedAt >= since && (script === null || (run.script !== null && samePath(run.script, script))),
    ) ?? null;
  const subscriptions: Disposable[] = [];
  const appeared = new Promise<RunSummary>((resolve) => {
    subscriptions.push(
      hub.onDidChangeRuns((runs) => {
        const run = find(runs);
        if (run) resolve(run);
      }),
    );
  });
  try {
    const known = find(await hub.refresh());
    return known ?? (await Promise.race([appeared, ended.then(async () => find(await hub.refresh()))]));
  } finally {
    for (const subscription of subscriptions) subscription.dispose();
  }
}

function samePath(a: string, b: string): boolean {
  return process.platform === "win32" ? a.toLowerCase() === b.toLowerCase() : a === b;
}
