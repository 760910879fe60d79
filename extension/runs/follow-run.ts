/** Shows the run that a script becomes which was just started. */
import type { Dashboard } from "../dashboard/dashboard.ts";
import type { HubClient } from "../hub/hub-client.ts";
import { awaitRun } from "./await-run.ts";

/** @param script null for whichever run begins next. @returns whether there was one before `ended` */
export async function followRun(
  script: string | null,
  ended: Promise<unknown>,
  hub: HubClient,
  dashboard: Dashboard,
): Promise<boolean> {
  const started = Date.now() / 1000;
  dashboard.show();
  const run = await awaitRun(hub, script, started, ended);
  if (run && dashboard.isOpen) dashboard.show(run.id); // Closed by the user meanwhile: not wanted.
  return run !== null;
}
