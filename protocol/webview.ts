/**
 * Extension ⇄ dashboard, by `postMessage`. The extension relays viewer requests to the hub and answers back unread; what
 * only the editor can do (edit, reveal, run a command) has messages of its own. Each is checked on arrival.
 */
import { askedThreshold, proceeding } from "./control.ts";
import { chosenKind } from "./lsp.ts";
import { finite, nullable, type Of, object, oneOf, tagged, text, whole } from "./shape.ts";
import { codeLocation, hash } from "./telemetry.ts";
import { pageRequest } from "./viewer.ts";

const anything = (value: unknown) => value;
const bytes = (value: unknown) => {
  // A webview gets what the extension sent as ArrayBuffer or as a view on one, depending on the host.
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  throw new TypeError("bytes: expected an ArrayBuffer");
};

export const hubState = oneOf("starting", "connected", "disconnected", "unavailable");

export const toDashboard = tagged("type", {
  /** The state of the connection to the hub; `reason` says what to do about it. */
  hub: object({ state: hubState, reason: nullable(text()) }),
  /** A JSON answer or push of the hub, checked by the dashboard with the shapes in viewer.ts. */
  message: object({ message: anything }),
  tile: object({ bytes }),
  /** Show this run (the one just started, say). */
  show: object({ run: nullable(text(64)) }),
  /** The change of a `writeThreshold` is shown, and waits for the user to accept it or not. */
  asked: object({ id: whole }),
  /** The outcome of a `writeThreshold`. */
  written: object({
    id: whole,
    ok: nullable(object({ file: text(), line: whole, cell: nullable(hash), summary: text() })),
    err: nullable(text()),
  }),
  /** The outcome of a `control` or `proceed`: it holds, the user did not want it after all, or why not. */
  controlled: object({ id: whole, outcome: oneOf("done", "cancelled", "refused"), reason: nullable(text()) }),
});
export type ToDashboard = Of<typeof toDashboard>;

export const fromDashboard = tagged("type", {
  ready: object({}),
  request: object({ request: pageRequest }),
  /** Changes the threshold of a run that is under way, if the user confirms it. */
  control: object({ id: whole, run: text(64), series: text(64), threshold: askedThreshold }),
  /** Lets a paused run go on, if the user confirms it. */
  proceed: object({ id: whole, run: text(64), step: whole, action: proceeding }),
  writeThreshold: object({ id: whole, run: text(64), series: text(64), threshold: finite, kind: chosenKind }),
  /** To a file that the user is asked for; `name`: what it is of. */
  save: object({ name: text(1024), kind: oneOf("png", "svg", "csv"), bytes }),
  reveal: object({ location: codeLocation }),
  command: object({ command: oneOf("runWithTelemetry", "showLog", "openWalkthrough") }),
  log: object({ level: oneOf("info", "warn", "error"), message: text(65_536) }),
});
export type FromDashboard = Of<typeof fromDashboard>;
