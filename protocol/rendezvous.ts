/**
 * How a probe finds the hub: the environment names a 0600 file that the hub rewrites atomically at each start. The probe
 * reads it anew before every connection, so that a reload of the editor, which moves the port, is survived.
 */
import { type Of, object, text, whole } from "./shape.ts";

export const RENDEZVOUS_VARIABLE = "GRADSIGHT_RENDEZVOUS";
/** Its name in the storage folder: known before the hub starts, so that a terminal opened earlier finds it. */
export const RENDEZVOUS_FILE = "rendezvous.json";

export const rendezvous = object({
  protocol: whole,
  port: whole,
  token: text(256),
  pid: whole,
  /** Where a probe leaves spill files when nobody listens: the folder `spill` beside this file, and so also where this file isn't. */
  spill: text(),
});
export type Rendezvous = Of<typeof rendezvous>;
