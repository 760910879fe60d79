/** The dashboard's side of VS Code's webview API, typed by the contract. */
import type { FromDashboard } from "../protocol/webview.ts";

interface VsCodeApi {
  postMessage(message: FromDashboard): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

/** May be acquired only once a page. */
export const host = acquireVsCodeApi();

export function log(level: "info" | "warn" | "error", message: string): void {
  host.postMessage({ type: "log", level, message: message.slice(0, 65_536) });
}

/** What went wrong, as a line of text. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
