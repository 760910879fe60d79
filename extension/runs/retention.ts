/**
 * Has old runs removed as the settings say, while there is a hub: it isn't started for that. Not at once when a setting
 * changes, because on the way to 180 days stands 1.
 */
import { Disposable, type LogOutputChannel, l10n, window, workspace } from "vscode";
import type { HubClient } from "../hub/hub-client.ts";

const EVERY_MS = 3_600_000;
const SHOWN_MS = 15_000;

export function retainRuns(hub: HubClient, log: LogOutputChannel): Disposable {
  const apply = async () => {
    if (hub.socket.status.state !== "connected") return;
    const { removed } = await hub.requestWithoutLimit("retain", policy());
    if (removed.length === 0) return;
    log.info(`Removed, as the settings gradsight.runs.keepDays and maxSizeMb say: ${removed.join(", ")}.`);
    const message =
      removed.length === 1
        ? l10n.t("Gradsight removed an old run: {0}", removed[0]!)
        : l10n.t("Gradsight removed {0} old runs; the log names them.", removed.length);
    window.setStatusBarMessage(`$(history) ${message}`, SHOWN_MS);
  };
  const attempt = () => void apply().catch((error: Error) => log.warn(`Old runs were not removed: ${error.message}`));
  const clock = setInterval(attempt, EVERY_MS);
  return Disposable.from(
    hub.socket.onDidChangeStatus(({ state }) => {
      if (state === "connected") attempt();
    }),
    { dispose: () => clearInterval(clock) },
  );
}

function policy(): { keepDays: number; maxMegabytes: number } {
  // What was written into the settings by hand may be anything; what is no number removes nothing.
  const whole = (value: unknown) => (Number.isFinite(value) ? Math.max(0, Math.ceil(value as number)) : 0);
  return {
    keepDays: whole(workspace.getConfiguration("gradsight").get<number>("runs.keepDays")),
    maxMegabytes: whole(workspace.getConfiguration("gradsight").get<number>("runs.maxSizeMb")),
  };
}
