/**
 * What `activate` returns, for our own tests alone: VS Code gives tests no way to read a tree view or to press a button
 * inside a webview, and without these the tests would have to go round the extension to the hub.
 */
import type { Dashboard } from "./dashboard/dashboard.ts";
import type { RunControl } from "./dashboard/run-control.ts";
import type { ThresholdWriter } from "./dashboard/write-threshold.ts";
import type { HubClient } from "./hub/hub-client.ts";
import type { LanguageServer } from "./language/language-server.ts";
import type { RunsView } from "./runs/runs-view.ts";

export interface TestApi {
  readonly server: LanguageServer;
  readonly hub: HubClient;
  readonly writer: ThresholdWriter;
  readonly control: RunControl;
  readonly dashboard: Dashboard;
  readonly runs: RunsView;
}
