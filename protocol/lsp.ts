/** Additions to LSP between our client and our server; any other client lints without them. Positions are LSP's. */
import { finite, flag, list, nullable, type Of, object, oneOf, text } from "./shape.ts";
import { codeLocation } from "./telemetry.ts";

/** `initializationOptions`. Without `storage` there is no hub. */
export const serverOptions = object({
  /** Folder of the store, of the rendezvous file and of spill files. */
  storage: nullable(text()),
  /** URL of the folder that holds the parser and its grammar. A web worker can't tell where it came from. */
  grammar: nullable(text()),
  /** The client has the command `gradsight.openRun`, which shows the run whose id it is given. */
  opensRuns: nullable(flag),
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

/** By the global norm, each component by its value, each unit by its weights (AGC), by a percentile of the norms so far (AutoClip). */
export const chosenKind = oneOf("norm", "value", "adaptive", "autoclip");
export type ChosenKind = Of<typeof chosenKind>;

/**
 * Request: the edit that puts `threshold` into the code of one update site. `site` and `clip` are where the probe saw them;
 * `script` is what was run, which may name the number that a module of it clips at.
 */
export const THRESHOLD_EDIT_METHOD = "gradsight/thresholdEdit";
export const thresholdEditParams = object({
  uri: text(),
  site: nullable(codeLocation),
  clip: nullable(codeLocation),
  script: nullable(text()),
  /** What the script was given on the command line: it may win over the number that is changed. */
  args: nullable(list(text())),
  /** null: the global norm. The others take no number of a run: none that was recorded tells it. */
  kind: nullable(chosenKind),
  threshold: finite,
});
export type ThresholdEditParams = Of<typeof thresholdEditParams>;
/**
 * `edit` is an LSP WorkspaceEdit; `summary` says what changes, `line` (1-based) where. `asks`: it is to be confirmed, since it changes
 * another document than `uri`, or a number that something else is given, too.
 */
export type ThresholdEditResult =
  | { ok: { edit: unknown; summary: string; line: number; asks: boolean } }
  | { err: string };

/** Request: all fixes of one document as one edit. With `unsafe`, those that change what the optimizer receives, too. */
export const FIX_ALL_METHOD = "gradsight/fixAll";
export const fixAllParams = object({ uri: text(), unsafe: flag });
export type FixAllParams = Of<typeof fixAllParams>;
export interface FixAllResult {
  edit: unknown;
  count: number;
}

/** Request of the server to the client, from a web worker alone: what a file holds. */
export const READ_FILE_METHOD = "gradsight/readFile";
export const readFileParams = object({ uri: text() });
export type ReadFileParams = Of<typeof readFileParams>;
/** null where there is no such file, or none that holds text. */
export const readFileResult = object({ text: nullable(text(16_000_000)) });
export type ReadFileResult = Of<typeof readFileResult>;
