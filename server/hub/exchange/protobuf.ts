/** The wire format of protocol buffers: https://protobuf.dev/programming-guides/encoding/ */
export interface Field {
  readonly number: number;
  /** 0 varint, 1 eight bytes, 2 bytes with their length, 5 four bytes. */
  readonly wire: number;
  /** Of a varint; its low 64 bits as a signed number, which a double may round. */
  readonly varint: number;
  /** Of all other kinds. */
  readonly bytes: Buffer;
}

export class ProtobufError extends Error {}

const NONE = Buffer.alloc(0);

/** The fields of a message, in order. @throws {ProtobufError} where it ends too soon or is none */
export function* fieldsOf(message: Buffer): Generator<Field> {
  for (let at = 0; at < message.length; ) {
    const key = varintAt(message, at);
    at = key.next;
    const number = Math.floor(key.value / 8);
    const wire = key.value % 8;
    if (wire === 0) {
      const { value, next } = varintAt(message, at);
      at = next;
      yield { number, wire, varint: value, bytes: NONE };
      continue;
    }
    let length = wire === 1 ? 8 : 4;
    if (wire === 2) ({ value: length, next: at } = varintAt(message, at));
    else if (wire !== 1 && wire !== 5) throw new ProtobufError(`wire type ${wire}`);
    if (!(length >= 0 && at + length <= message.length)) throw new ProtobufError("a field runs past the end");
    yield { number, wire, varint: 0, bytes: message.subarray(at, at + length) };
    at += length;
  }
}

function varintAt(message: Buffer, at: number): { value: number; next: number } {
  // Nearly all of them are of few bytes, which take no BigInt.
  for (let i = 0, value = 0; i < 4; i += 1) {
    const byte = message[at + i];
    if (byte === undefined) break;
    value |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) return { value, next: at + i + 1 };
  }
  let bits = 0n;
  for (let i = 0; i < 10; i += 1) {
    const byte = message[at + i];
    if (byte === undefined) throw new ProtobufError("a number runs past the end");
    bits |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return { value: Number(BigInt.asIntN(64, bits)), next: at + i + 1 };
  }
  throw new ProtobufError("a number without end");
}

/** A message that is put together. Fields that are absent are the format's defaults, 0 and "". */
export class MessageWriter {
  private readonly parts: Buffer[] = [];

  double(number: number, value: number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    return this.put(number, 1, bytes);
  }

  float(number: number, value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value);
    return this.put(number, 5, bytes);
  }

  /** A whole number ≥ 0. */
  varint(number: number, value: number): this {
    return this.put(number, 0, varint(value));
  }

  bytes(number: number, value: Buffer | string): this {
    const bytes = Buffer.from(value as string);
    return this.put(number, 2, Buffer.concat([varint(bytes.length), bytes]));
  }

  message(number: number, { finished }: MessageWriter): this {
    return this.bytes(number, finished);
  }

  get finished(): Buffer {
    return Buffer.concat(this.parts);
  }

  private put(number: number, wire: number, payload: Buffer): this {
    this.parts.push(varint(number * 8 + wire), payload);
    return this;
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
