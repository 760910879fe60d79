import { ProgressLocation, window } from "vscode";
import type { Job } from "../hub/hub-client.ts";

/** Shows how far a job of the hub has come, in a notification that can cancel it. */
export function withProgress<T>(title: string, body: (job: Job) => Promise<T>): Thenable<T> {
  const options = { location: ProgressLocation.Notification, title, cancellable: true };
  return window.withProgress(options, (progress, token) => {
    let shown = 0;
    const onProgress = (done: number) => {
      progress.report({ increment: 100 * (done - shown) });
      shown = done;
    };
    return body({ token, onProgress });
  });
}
