/** What the hub's worker thread and the thread that started it say to each other. */
import type { HubEndpoint } from "../../protocol/lsp.ts";
import type { ObservedUpdate } from "./observed/observed-update.ts";

/** An alert is shown to the user, too. */
export type LogLevel = "info" | "warn" | "error" | "alert";
export type Log = (level: LogLevel, message: string) => void;

export interface HubWorkerData {
  /** Folder of the store, the rendezvous file and the spill files. Made if missing. */
  readonly storage: string;
  /** Seconds after its connection is gone until a run that did not end counts as lost. */
  readonly lostAfter?: number;
}

export type FromHub =
  | { readonly type: "ready"; readonly endpoint: HubEndpoint }
  /** The hub can't run; `message` is for the user. */
  | { readonly type: "failed"; readonly message: string }
  | { readonly type: "log"; readonly level: LogLevel; readonly message: string }
  /** All that there is to tell now of the files that are watched, newest run first. */
  | { readonly type: "observed"; readonly updates: readonly ObservedUpdate[] };

export type ToHub =
  | { readonly type: "stop" }
  /** Tell what runs saw of these files, and of no others. */
  | { readonly type: "watch"; readonly files: readonly string[] };
