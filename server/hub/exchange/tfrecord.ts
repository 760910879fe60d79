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

/** Of a stretch of `bytes`: an event file has millions of short ones, for which a view each takes longer than the sum. */
export function crc32c(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let crc = 0xffffffff;
  for (let at = from; at < to; at += 1) crc = (crc >>> 8) ^ TABLE[(crc ^ bytes[at]!) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}

/** So that the CRC of what holds a CRC is not that CRC. */
export function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Whether a file that begins so is one. */
export function isRecord(head: Buffer, at = 0): boolean {
  return head.length >= at + HEADER && head.readUInt32LE(at + 8) === masked(crc32c(head, at, at + 8));
}

export function encodeRecord(payload: Buffer): Buffer {
  const record = Buffer.alloc(HEADER + payload.length + FOOTER);
  record.writeBigUInt64LE(BigInt(payload.length));
  record.writeUInt32LE(masked(crc32c(record.subarray(0, 8))), 8);
  payload.copy(record, HEADER);
  record.writeUInt32LE(masked(crc32c(payload)), HEADER + payload.length);
  return record;
}

/**
 * The payloads, of a piece of the file at a time: to wait for each would take as long as to read it. A torn last record of a file,
 * as a killed process leaves it, is left out. @throws {BadFile} where a sum is wrong
 */
export async function* recordsIn(file: LogFile): AsyncGenerator<Buffer[]> {
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
    const records: Buffer[] = [];
    let at = 0;
    for (let record = recordAt(file, rest, at, position); record; record = recordAt(file, rest, at, position)) {
      records.push(record);
      const length = HEADER + record.length + FOOTER;
      at += length;
      position += length;
    }
    rest = rest.subarray(at);
    yield records;
  }
}

/** null as long as it is not all there. */
function recordAt(file: LogFile, bytes: Buffer, at: number, position: number): Buffer | null {
  if (bytes.length < at + HEADER) return null;
  const damaged = () => new BadFile(`${file.partName} is damaged at byte ${position}: a checksum is wrong.`);
  if (!isRecord(bytes, at)) throw damaged();
  const length = Number(bytes.readBigUInt64LE(at));
  if (length > LARGEST) throw damaged();
  const end = at + HEADER + length;
  if (bytes.length < end + FOOTER) return null;
  if (bytes.readUInt32LE(end) !== masked(crc32c(bytes, at + HEADER, end))) throw damaged();
  return bytes.subarray(at + HEADER, end);
}
