/**
 * Live control: another clipping threshold in a run that was started with `--allow-control`. The hub asks one probe by a
 * `control` message, and is answered once, when an update has ended: from the next step on what was asked for holds, for
 * every clip of it. What holds is told anew with each greeting.
 */
import { flag, type Of, object, oneOf, type Shape, ShapeError, text, whole } from "./shape.ts";

/** The largest norm (or the largest value, where the script clips by value) that a user may set. */
const positive: Shape<number> = (value, path = "") => {
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0)
    throw new ShapeError(path, "a finite number above 0");
  return value;
};

/** "off": nothing is clipped. */
export const setThreshold: Shape<number | "off"> = (value, path = "") =>
  value === "off" ? value : positive(value, path);

/** "script": what the script says. */
export const askedThreshold: Shape<number | "off" | "script"> = (value, path = "") =>
  value === "script" ? value : setThreshold(value, path);
export type AskedThreshold = Of<typeof askedThreshold>;

/** What is in force in a series in place of the script's own threshold. */
export const override = object({
  series: text(64),
  threshold: setThreshold,
  /** The first step that it holds at. */
  since: whole,
});
export type Override = Of<typeof override>;

/** The training waits before an update whose gradients are not finite. */
export const pausedAt = object({
  series: text(64),
  step: whole,
  message: text(),
  /** Whether the optimizer can leave the update out. */
  canSkip: flag,
});
export type PausedAt = Of<typeof pausedAt>;

/** How it goes on: with the update, without it, or not at all. */
export const proceeding = oneOf("apply", "skip", "stop");
export type Proceeding = Of<typeof proceeding>;
