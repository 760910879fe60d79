/** Spill files: records of u32 LE length, u8 kind (0 JSON text, 1 frame), payload. */
import { goldenFrames } from "./frames.ts";
import { end, hello } from "./messages.ts";

type SpillRecord = { readonly kind: 0; readonly message: unknown } | { readonly kind: 1; readonly frame: string };

export interface GoldenSpill {
  readonly file: string;
  readonly about: string;
  /** What a reader gets; frames by the name of the golden file that holds the same bytes. */
  readonly records: readonly SpillRecord[];
  readonly bytes: Uint8Array;
}

const frame = (name: string): SpillRecord => ({ kind: 1, frame: `frames/${name}.safetensors` });

function encode(records: readonly SpillRecord[]): Uint8Array {
  const parts = records.map((record) => {
    const payload =
      record.kind === 0
        ? new TextEncoder().encode(JSON.stringify(record.message))
        : goldenFrames.find(({ file }) => file === record.frame)!.bytes;
    const bytes = new Uint8Array(5 + payload.length);
    new DataView(bytes.buffer).setUint32(0, payload.length, true);
    bytes[4] = record.kind;
    bytes.set(payload, 5);
    return bytes;
  });
  return Buffer.concat(parts);
}

const records: readonly SpillRecord[] = [
  { kind: 0, message: hello },
  frame("scalars"),
  frame("nonfinite"),
  frame("layers"),
  { kind: 0, message: { ...end, seq: 3 } },
];
const whole = encode(records);
const cut = (about: string, name: string, length: number, read: number): GoldenSpill => ({
  file: `spill/${name}.gsspill`,
  about,
  records: records.slice(0, read),
  bytes: whole.slice(0, length),
});
const lastRecord = encode(records.slice(-1)).length;

export const spills: readonly GoldenSpill[] = [
  cut("a run that ended with nobody listening", "whole", whole.length, 5),
  cut("torn within the last payload", "torn-payload", whole.length - 10, 4),
  cut("torn within the last record's length", "torn-length", whole.length - lastRecord + 2, 4),
];
