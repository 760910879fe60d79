/**
 * Keeps what an object has come to as bytes, and puts it into a new one. The object says by its fields what there is to keep:
 * numbers, booleans and null, typed arrays, lists of numbers, and objects of such, so that a detector needs no code for being kept.
 */
import { type Column, decodeFrame, encodeFrame } from "../../../protocol/frame.ts";
import { type JsonNumber, toJsonNumber } from "../../../protocol/shape.ts";

/** The bytes are of another version of the object. */
export class StateError extends Error {}

type Array_ = Float64Array | Uint32Array | Uint8Array;
type Scalar = JsonNumber | boolean | null;
type Fields = Record<string, unknown>;

/** `about`: whatever else there is to know, as JSON has it. */
export function encodeState(root: object, about: unknown): Uint8Array {
  const columns: Record<string, Column> = {};
  const scalars: Record<string, Scalar> = {};
  const visit = (path: string, value: unknown): void => {
    if (isArray(value)) {
      const [start, end] = used(value);
      scalars[path] = start;
      columns[path] = columnOf(value.slice(start, end));
    } else if (isList(value)) columns[path] = columnOf(Float64Array.from(value));
    else if (typeof value === "number") scalars[path] = toJsonNumber(value);
    else if (typeof value === "boolean" || value === null) scalars[path] = value;
    else if (typeof value === "object")
      for (const [key, field] of Object.entries(value as Fields)) visit(`${path}.${key}`, field);
    else throw new StateError(`${path}: a ${typeof value} can't be kept`);
  };
  visit("", root);
  return encodeFrame({ metadata: { about: JSON.stringify(about), scalars: JSON.stringify(scalars) }, columns });
}

/** Fills an object that was made anew, and returns what else was said. @throws where the bytes don't fit it */
export function restoreState(root: object, bytes: Uint8Array): unknown {
  const { metadata, columns } = decodeFrame(bytes);
  const scalars = JSON.parse(metadata.scalars ?? "{}") as Record<string, Scalar>;
  let left = new Set([...Object.keys(scalars), ...Object.keys(columns)]).size;
  const scalar = (path: string): Scalar => {
    if (!Object.hasOwn(scalars, path)) throw new StateError(`${path}: missing`);
    return scalars[path]!;
  };
  const restored = (path: string, fresh: unknown): unknown => {
    if (isArray(fresh)) {
      left -= 1;
      const data = columns[path]?.data;
      const start = scalar(path);
      if (data?.constructor !== fresh.constructor || typeof start !== "number" || start + data.length > fresh.length)
        throw new StateError(`${path}: another array`);
      fresh.fill(0);
      fresh.set(data as never, start);
      return fresh;
    }
    if (isList(fresh)) {
      left -= 1;
      const data = columns[path]?.data;
      if (!(data instanceof Float64Array)) throw new StateError(`${path}: no list`);
      return [...data];
    }
    if (typeof fresh === "object" && fresh !== null) {
      const fields = fresh as Fields;
      for (const [key, field] of Object.entries(fields)) fields[key] = restored(`${path}.${key}`, field);
      return fresh;
    }
    left -= 1;
    const value = scalar(path);
    if (typeof fresh === "boolean" ? typeof value !== "boolean" : typeof value === "boolean")
      throw new StateError(`${path}: expected a ${typeof fresh}`);
    return typeof value === "string" ? Number(value) : value;
  };
  restored("", root);
  if (left !== 0) throw new StateError("something else was kept");
  return JSON.parse(metadata.about ?? "null");
}

const isArray = (value: unknown): value is Array_ =>
  value instanceof Float64Array || value instanceof Uint32Array || value instanceof Uint8Array;
const isList = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((item) => typeof item === "number");

/** The stretch outside of which there are zeros only: histograms are long and mostly empty. */
function used(array: Array_): [start: number, end: number] {
  let start = 0;
  let end = array.length;
  while (end > 0 && Object.is(array[end - 1], 0)) end -= 1;
  while (start < end && Object.is(array[start], 0)) start += 1;
  return [start, end];
}

function columnOf(data: Array_): Column {
  const shape = [data.length];
  if (data instanceof Float64Array) return { dtype: "F64", shape, data };
  return data instanceof Uint32Array ? { dtype: "U32", shape, data } : { dtype: "U8", shape, data };
}
