/**
 * TFRecord files: u64 LE length, masked CRC-32C of the length, the payload, masked CRC-32C of the payload.
 * https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
 */
import { BadFile, type LogFile } from "./log-file.ts";

const HEADER = 12;
const FOOTER = 4;
const LARGEST = 256 * 1024 * 1024;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0); // Castagnoli's polynomial, reversed
  return crc >>> 0;
});

export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}

/** So that the CRC of what holds a CRC is not that CRC. */
export function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Whether a file that begins so is one. */
export function isRecord(head: Buffer): boolean {
  return head.length >= HEADER && head.readUInt32LE(8) === masked(crc32c(head.subarray(0, 8)));
}

export function encodeRecord(payload: Buffer): Buffer {
  const record = Buffer.alloc(HEADER + payload.length + FOOTER);
  record.writeBigUInt64LE(BigInt(payload.length));
  record.writeUInt32LE(masked(crc32c(record.subarray(0, 8))), 8);
  payload.copy(record, HEADER);
  record.writeUInt32LE(masked(crc32c(payload)), HEADER + payload.length);
  return record;
}

/** The payloads. A torn last record of a file, as a killed process leaves it, is left out. @throws {BadFile} where a sum is wrong */
export async function* recordsIn(file: LogFile): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  let position = 0;
  let part = 0;
  for await (const piece of file.pieces()) {
    if (file.part !== part) {
      rest = Buffer.alloc(0);
      position = 0;
      part = file.part;
    }
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    let at = 0;
    for (let record = recordAt(file, rest, at, position); record; record = recordAt(file, rest, at, position)) {
      yield record;
      const length = HEADER + record.length + FOOTER;
      at += length;
      position += length;
    }
    rest = rest.subarray(at);
  }
}

/** null as long as it is not all there. */
function recordAt(file: LogFile, bytes: Buffer, at: number, position: number): Buffer | null {
  if (bytes.length < at + HEADER) return null;
  const damaged = () => new BadFile(`${file.partName} is damaged at byte ${position}: a checksum is wrong.`);
  if (!isRecord(bytes.subarray(at, at + HEADER))) throw damaged();
  const length = Number(bytes.readBigUInt64LE(at));
  if (length > LARGEST) throw damaged();
  const end = at + HEADER + length;
  if (bytes.length < end + FOOTER) return null;
  const payload = bytes.subarray(at + HEADER, end);
  if (bytes.readUInt32LE(end) !== masked(crc32c(payload))) throw damaged();
  return payload;
}
