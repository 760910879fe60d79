/** Reads spill files: records of u32 LE length, u8 kind (0 JSON text, 1 frame), payload. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { MAX_MESSAGE_BYTES } from "../../../protocol/telemetry.ts";

export type SpillRecord =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "frame"; readonly bytes: Uint8Array };

const HEADER = 5;

/** A torn last record, as a killed process leaves it, is ignored. @throws {Error} where the file can't be a spill file */
export function* readSpill(file: string): Generator<SpillRecord> {
  const handle = openSync(file, "r");
  try {
    const { size } = fstatSync(handle);
    const header = Buffer.alloc(HEADER);
    let position = 0;
    while (position + HEADER <= size) {
      readSync(handle, header, 0, HEADER, position);
      const length = header.readUInt32LE(0);
      const kind = header[4];
      if (length > MAX_MESSAGE_BYTES || kind === undefined || kind > 1)
        throw new Error(`no record at byte ${position}`);
      if (position + HEADER + length > size) return;
      const payload = Buffer.alloc(length);
      readSync(handle, payload, 0, length, position + HEADER);
      position += HEADER + length;
      yield kind === 0 ? { kind: "text", text: payload.toString() } : { kind: "frame", bytes: payload };
    }
  } finally {
    closeSync(handle);
  }
}
