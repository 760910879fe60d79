/**
 * Gradsight's own JSON Lines. The first line tells of the run; each of the others is one of these, told apart by the field that
 * it has. What a process and its series are is told before anything that belongs to them.
 *
 *     {"rank", "attempt", "process": {…}}                  a process, with how it ended
 *     {"rank", "attempt", "declared": {…}}                 one of its series: where it is in the code, and its layer tables
 *     {"rank", "attempt", "series", "step", "time", …}     a step: each scalar by its name, flags that are set as true, and
 *                                                          `group_lr`, the rate of each parameter group where there are several
 *     {"rank", "attempt", "series", "step", "layers", …}   layers: `layer_norm` and `weight_norm`, lists in the order of the names
 *                                                          in the table that `layers` names
 *     {"rank", "attempt", "event": {…}}                    an event that the steps don't tell of
 *
 * `attempt` counts the starts of a rank from 0. NaN and the infinities, which JSON has not, are their names as strings.
 */
import { finite, list, nullable, object, type Shape, ShapeError, text, whole } from "../../../protocol/shape.ts";
import { endStatus, runCode, runEvent, seriesInfo, story } from "../../../protocol/telemetry.ts";
import { runNote, runTags } from "../../../protocol/viewer.ts";
import { numberIn } from "./lenient-json.ts";

export const OWN_VERSION = 2;

/** A tag of the run and the note on it are told; the star is not, because it says what is to be kept here. */
export const runLine = object({
  gradsight: whole,
  run: object({
    name: text(256),
    script: nullable(text()),
    args: list(text()),
    cwd: nullable(text()),
    python: text(256),
    framework: nullable(text(64)),
    frameworkVersion: nullable(text(64)),
    /** Unix seconds. */
    startedAt: finite,
    code: nullable(runCode),
    tags: nullable(runTags),
    note: nullable(runNote),
  }),
});

const place = { rank: whole, attempt: whole };

export const processLine = object({
  ...place,
  process: object({
    worldSize: whole,
    group: nullable(text(64)),
    /** Unix seconds of the last thing heard. */
    lastSeen: finite,
    /** null: it had not ended when the file was written. */
    status: nullable(endStatus),
    error: nullable(text(65_536)),
    exitCode: nullable(finite),
    story: nullable(story),
  }),
});

export const declaredLine = object({ ...place, declared: seriesInfo });

const norms: Shape<Float32Array> = (value, path = "") => {
  const numbers = Array.isArray(value) ? value.map(numberIn) : [null];
  if (numbers.includes(null)) throw new ShapeError(path, "a list of numbers");
  return Float32Array.from(numbers as number[]);
};

export const layerLine = object({
  ...place,
  series: text(48),
  step: whole,
  layers: text(64),
  layer_norm: nullable(norms),
  weight_norm: nullable(norms),
});

export const eventLine = object({ ...place, event: runEvent });
