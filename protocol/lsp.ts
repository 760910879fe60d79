/** Additions to LSP between our client and our server; any other client lints without them. Positions are LSP's. */
import { finite, flag, nullable, type Of, object, text } from "./shape.ts";
import { codeLocation } from "./telemetry.ts";

/** `initializationOptions`. Without `storage` there is no hub. */
export const serverOptions = object({
  /** Folder of the store, of the rendezvous file and of spill files. */
  storage: nullable(text()),
});
export type ServerOptions = Of<typeof serverOptions>;

/** Request. Starts the hub on first use. */
export const HUB_METHOD = "gradsight/hub";
export interface HubEndpoint {
  port: number;
  token: string;
  /** The rendezvous file's path. */
  rendezvous: string;
}
export type HubResult = { ok: HubEndpoint } | { err: string };

/** Request: the edit that puts `threshold` into the code of one update site. `site` and `clip` are where the probe saw them. */
export const THRESHOLD_EDIT_METHOD = "gradsight/thresholdEdit";
export const thresholdEditParams = object({
  uri: text(),
  site: nullable(codeLocation),
  clip: nullable(codeLocation),
  threshold: finite,
});
export type ThresholdEditParams = Of<typeof thresholdEditParams>;
/** `edit` is an LSP WorkspaceEdit; `summary` says what changes, `line` (1-based) where. */
export type ThresholdEditResult = { ok: { edit: unknown; summary: string; line: number } } | { err: string };

/** Request: all fixes of one document as one edit. With `unsafe`, those that change what the optimizer receives, too. */
export const FIX_ALL_METHOD = "gradsight/fixAll";
export const fixAllParams = object({ uri: text(), unsafe: flag });
export type FixAllParams = Of<typeof fixAllParams>;
export interface FixAllResult {
  edit: unknown;
  count: number;
}
