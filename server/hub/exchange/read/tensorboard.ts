/**
 * TensorBoard's event files: TFRecords of `Event` (tensorflow/core/util/event.proto), whose scalars are a `simple_value`
 * (PyTorch, TensorFlow 1) or a tensor of one number (TensorFlow 2, Keras, JAX).
 */
import { BadFile } from "../log-file.ts";
import type { LogFormat, Row } from "../log-format.ts";
import { fieldsOf, ProtobufError } from "../protobuf.ts";
import { isRecord, recordsIn } from "../tfrecord.ts";
import { asTime } from "./step-columns.ts";

const EVENT = { wallTime: 1, step: 2, summary: 5, session: 7 };
const SESSION = { status: 1 };
/** SessionLog.SessionStatus. */
const START = 1;
const SUMMARY = { value: 1 };
const VALUE = { tag: 1, simple: 2, tensor: 8 };
const TENSOR = { type: 1, shape: 2, content: 4, float: 5, double: 6, int: 7, int64: 10, half: 13 };
const SHAPE = { dimension: 2 };
const DIMENSION = { size: 1 };
/** DataType of tensorflow/core/framework/types.proto. */
const TYPE = { float: 1, double: 2, int32: 3, int64: 9, bfloat16: 14, half: 19 };

export const tensorboard: LogFormat = {
  id: "tensorboard",
  title: "TensorBoard event file",

  recognizes: (name, head) => isRecord(head) || name.includes(".tfevents."),

  async *rows(file) {
    try {
      for await (const records of recordsIn(file))
        for (const record of records) {
          const row = read(record);
          if (row) yield row;
        }
    } catch (error) {
      if (!(error instanceof ProtobufError)) throw error;
      throw new BadFile(`${file.partName} holds records, but not those of TensorBoard: ${error.message}.`);
    }
  },
};

/**
 * null for an event that is no scalar. One that says that a program was started again, at a step that it had come to
 * before, voids what it has told from there on, as it does in TensorBoard (`purge_step` of PyTorch's `SummaryWriter`).
 */
function read(event: Buffer): Row | null {
  let time = 0;
  let step = 0;
  let isStart = false;
  const values: Record<string, number> = {};
  for (const { number, wire, varint, bytes } of fieldsOf(event)) {
    if (number === EVENT.wallTime && wire === 1) time = bytes.readDoubleLE();
    else if (number === EVENT.step && wire === 0) step = varint;
    else if (number === EVENT.summary && wire === 2) {
      for (const field of fieldsOf(bytes))
        if (field.number === SUMMARY.value && field.wire === 2) take(field.bytes, values);
    } else if (number === EVENT.session && wire === 2)
      for (const field of fieldsOf(bytes)) if (field.number === SESSION.status) isStart = field.varint === START;
  }
  if (step < 0 || !Number.isSafeInteger(step)) return null;
  if (isStart) return { step, time: asTime(time), values: {}, voidsFrom: true };
  if (Object.keys(values).length === 0) return null;
  return { step, time: asTime(time), values };
}

function take(value: Buffer, into: Record<string, number>): void {
  let tag = "";
  let scalar: number | null = null;
  for (const { number, wire, bytes } of fieldsOf(value)) {
    if (number === VALUE.tag && wire === 2) tag = bytes.toString();
    else if (number === VALUE.simple && wire === 5) scalar = bytes.readFloatLE();
    else if (number === VALUE.tensor && wire === 2) scalar = scalarOf(bytes);
  }
  if (scalar !== null) into[tag] = scalar;
}

/** The number of a tensor that has but one. */
function scalarOf(tensor: Buffer): number | null {
  let type = 0;
  let size = 1;
  let content: Buffer | null = null;
  let listed: number | null = null;
  for (const { number, wire, varint, bytes } of fieldsOf(tensor)) {
    if (number === TENSOR.type) type = varint;
    else if (number === TENSOR.shape && wire === 2) size = sizeOf(bytes);
    else if (number === TENSOR.content && wire === 2) content = bytes;
    else if (number === TENSOR.float) listed = bytes.length === 4 ? bytes.readFloatLE() : null;
    else if (number === TENSOR.double) listed = bytes.length === 8 ? bytes.readDoubleLE() : null;
    else if (number === TENSOR.int || number === TENSOR.int64 || number === TENSOR.half)
      listed = firstVarint(wire, varint, bytes);
  }
  if (size !== 1) return null;
  if (content !== null && content.length > 0) return fromContent(type, content);
  if (listed === null) return null;
  if (type === TYPE.half) return fromHalf(listed);
  return type === TYPE.bfloat16 ? fromBfloat16(listed) : listed;
}

function sizeOf(shape: Buffer): number {
  let size = 1;
  for (const { number, wire, bytes } of fieldsOf(shape)) {
    if (number !== SHAPE.dimension || wire !== 2) continue;
    let length = 0;
    for (const field of fieldsOf(bytes)) if (field.number === DIMENSION.size) length = field.varint;
    size *= length;
  }
  return size;
}

/** Of a list of one, packed or not. */
function firstVarint(wire: number, varint: number, packed: Buffer): number | null {
  if (wire === 0) return varint;
  // Read as the field that it would be unpacked: key 0x08, then the number.
  for (const field of fieldsOf(Buffer.concat([Buffer.of(0x08), packed]))) return field.varint;
  return null;
}

function fromContent(type: number, bytes: Buffer): number | null {
  switch (type) {
    case TYPE.float:
      return bytes.length === 4 ? bytes.readFloatLE() : null;
    case TYPE.double:
      return bytes.length === 8 ? bytes.readDoubleLE() : null;
    case TYPE.int32:
      return bytes.length === 4 ? bytes.readInt32LE() : null;
    case TYPE.int64:
      return bytes.length === 8 ? Number(bytes.readBigInt64LE()) : null;
    case TYPE.half:
      return bytes.length === 2 ? fromHalf(bytes.readUInt16LE()) : null;
    case TYPE.bfloat16:
      return bytes.length === 2 ? fromBfloat16(bytes.readUInt16LE()) : null;
    default:
      return null;
  }
}

function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function fromBfloat16(bits: number): number {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(bits, 2);
  return bytes.readFloatLE();
}
