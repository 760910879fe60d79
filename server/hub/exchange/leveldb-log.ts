/**
 * LevelDB's log, as W&B writes it: blocks of 32 KiB with records of u32 LE CRC-32 (of type and payload), u16 LE length, u8
 * type (1 whole, 2 first, 3 middle, 4 last part) and payload; what is left of a block that holds no header is zeros.
 * Before the first record of the first block stand ":W&B", a magic number and a version, 7 bytes in all.
 * https://github.com/google/leveldb/blob/main/doc/log_format.md
 */
import { crc32 } from "node:zlib";
import { BadFile, type LogFile } from "./log-file.ts";

export const WANDB_MAGIC = Buffer.from([0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe]);
const FILE_HEADER = 7;
const VERSION = 0;
const BLOCK = 32 * 1024;
const HEADER = 7;
const PART = { whole: 1, first: 2, middle: 3, last: 4 };
const LARGEST = 256 * 1024 * 1024;

/** The payloads. A torn last record, as a killed process leaves it, is left out. @throws {BadFile} where a sum is wrong */
export async function* logRecordsIn(file: LogFile): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let length = 0;
  let number = 0;
  for await (const block of blocksOf(file)) {
    let at = 0;
    if (number === 0) {
      checkHeader(file, block);
      at = FILE_HEADER;
    }
    for (let record = recordAt(block, at); record; record = recordAt(block, at)) {
      const { type, payload } = record;
      if (!record.isSound || type < PART.whole || type > PART.last)
        throw new BadFile(`${file.name} is damaged at byte ${number * BLOCK + at}: a checksum is wrong.`);
      at += HEADER + payload.length;
      if (type === PART.whole || type === PART.first) {
        parts = [];
        length = 0;
      }
      parts.push(payload);
      length += payload.length;
      if (length > LARGEST) throw new BadFile(`${file.name} has a record of more than 256 MB.`);
      if (type === PART.whole || type === PART.last) yield Buffer.concat(parts);
    }
    number += 1;
  }
}

/** The last may be shorter. */
async function* blocksOf(file: LogFile): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of file.pieces()) {
    rest = Buffer.concat([rest, piece]);
    for (; rest.length >= BLOCK; rest = rest.subarray(BLOCK)) yield rest.subarray(0, BLOCK);
  }
  if (rest.length > 0) yield rest;
}

function checkHeader(file: LogFile, block: Buffer): void {
  if (!block.subarray(0, WANDB_MAGIC.length).equals(WANDB_MAGIC))
    throw new BadFile(`${file.name} is not a run of W&B: its first bytes are others.`);
  if (block[FILE_HEADER - 1] !== VERSION)
    throw new BadFile(
      `${file.name} is of version ${block[FILE_HEADER - 1]} of W&B's format; version ${VERSION} is known.`,
    );
}

/** null at the end of the block. */
function recordAt(block: Buffer, at: number): { type: number; payload: Buffer; isSound: boolean } | null {
  if (at + HEADER > block.length) return null;
  const sum = block.readUInt32LE(at);
  const length = block.readUInt16LE(at + 4);
  const type = block[at + 6]!;
  // Where a file was made longer before it was written to, zeros follow.
  if (type === 0 && length === 0 && sum === 0) return null;
  const end = at + HEADER + length;
  const isTorn = end > block.length && block.length < BLOCK;
  if (isTorn) return null;
  const payload = block.subarray(at + HEADER, end);
  return { type, payload, isSound: end <= block.length && sum === crc32(payload, crc32(Buffer.of(type))) };
}
