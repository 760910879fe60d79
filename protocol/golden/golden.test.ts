import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readBatch } from "../batch.ts";
import { decodeFrame, encodeFrame, FrameError } from "../frame.ts";
import { ShapeError, toJsonNumber } from "../shape.ts";
import { hubToProbeMessage, probeMessage } from "../telemetry.ts";
import { goldenFiles } from "./generate.ts";

const read = (file: string) => readFileSync(join(import.meta.dirname, file));

interface Index {
  frames: { file: string; metadata: object; columns: Record<string, { values: unknown[] }> }[];
  malformed: { file: string; layer: "layout" | "content"; refusal: string }[];
  messages: Record<"probe" | "hub", { valid: Control[]; invalid: (Control & { path: string })[] }>;
}
interface Control {
  about: string;
  text: string;
}
const index: Index = JSON.parse(read("index.json").toString());
const each = <T>(rows: T[], name: (row: T) => string) => rows.map((row) => [name(row), row] as [string, T]);

it("is what the generator writes", () => {
  const files = goldenFiles();
  for (const [file, bytes] of files)
    expect(read(file).equals(bytes), `${file}: run protocol/golden/generate.ts`).toBe(true);
  const committed = ["frames", "malformed", "spill"].flatMap((folder) =>
    readdirSync(join(import.meta.dirname, folder)).map((file) => `${folder}/${file}`),
  );
  expect(committed.filter((file) => !files.has(file))).toEqual([]);
});

describe("sound frames", () => {
  it.each(each(index.frames, ({ file }) => file))("%s", (file, { metadata, columns }) => {
    const frame = decodeFrame(read(file));
    expect(frame.metadata).toEqual(metadata);
    const values = Object.entries(frame.columns).map(([name, { dtype, shape, data }]) => [
      name,
      { dtype, shape, values: Array.from<number | bigint, unknown>(data, (value) => toJsonNumber(Number(value))) },
    ]);
    expect(Object.fromEntries(values)).toEqual(columns);
    expect(readBatch(frame).steps.length).toBe(columns.step?.values.length);
    expect(read(file).equals(encodeFrame(frame))).toBe(true);
  });
});

describe("malformed frames", () => {
  it.each(each(index.malformed, ({ file }) => file))("%s", (file, { layer, refusal }) => {
    const decode = () => decodeFrame(read(file));
    if (layer === "content") expect(() => readBatch(decode())).toThrow(refusal);
    else expect(decode).toThrow(refusal);
    expect(() => readBatch(decode())).toThrow(FrameError);
  });
});

describe.each([
  ["probe", probeMessage],
  ["hub", hubToProbeMessage],
] as const)("control messages of the %s", (side, shape) => {
  it.each(each(index.messages[side].valid, ({ about }) => about))("takes: %s", (_, { text }) => {
    const message = JSON.parse(text);
    expect(shape(message).type).toBe(message.type);
  });
  it.each(each(index.messages[side].invalid, ({ about }) => about))("refuses: %s", (_, { text, path }) => {
    const refusal = () => shape(JSON.parse(text));
    expect(refusal).toThrow(ShapeError);
    expect(refusal).toThrow(`${path}: expected`);
  });
});

it("reads columns that another writer did not align", () => {
  const header = {
    flags: { dtype: "U8", shape: [1], data_offsets: [0, 1] },
    nothing: { dtype: "F64", shape: [0], data_offsets: [1, 1] },
    loss: { dtype: "F64", shape: [2], data_offsets: [1, 17] },
  };
  const json = new TextEncoder().encode(JSON.stringify(header));
  // Within a larger buffer, at an odd place, as a socket hands it out.
  const message = new Uint8Array(3 + 8 + json.length + 17).subarray(3);
  const view = new DataView(message.buffer, 3);
  view.setBigUint64(0, BigInt(json.length), true);
  message.set(json, 8);
  view.setUint8(8 + json.length, 7);
  view.setFloat64(9 + json.length, Math.PI, true);
  view.setFloat64(17 + json.length, Number.NaN, true);
  const { columns } = decodeFrame(message);
  expect([...columns.flags!.data]).toEqual([7]);
  expect([...columns.loss!.data]).toEqual([Math.PI, Number.NaN]);
  expect(columns.nothing!.data.length).toBe(0);
});
