import type { ProbeMessage } from "../../../protocol/telemetry.ts";

/** A spill file of these records, as a probe writes it. */
export function spillOf(...records: (ProbeMessage | Uint8Array)[]): Buffer {
  const parts = records.map((record) => {
    const payload = record instanceof Uint8Array ? record : Buffer.from(JSON.stringify(record));
    const head = Buffer.alloc(5);
    head.writeUInt32LE(payload.length, 0);
    head[4] = record instanceof Uint8Array ? 1 : 0;
    return Buffer.concat([head, payload]);
  });
  return Buffer.concat(parts);
}
