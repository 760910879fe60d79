import { expect, it } from "vitest";
import { decodeFrame, encodeFrame } from "./frame.ts";

const values = Float64Array.of(1, 2, 3);
const encoded = () =>
  encodeFrame({ metadata: {}, columns: { loss: { dtype: "F64", shape: [values.length], data: values } } });

it("copies what lies in a buffer with others, at any place", () => {
  for (let place = 0; place < 8; place += 1) {
    const bytes = encoded();
    const around = new Uint8Array(bytes.length + 8);
    around.set(bytes, place);
    const { data } = decodeFrame(around.subarray(place, place + bytes.length)).columns.loss!;
    around.fill(0);
    expect(data).toEqual(values);
  }
});

it("takes what has a buffer for itself as it lies there", () => {
  const bytes = encoded();
  const { data } = decodeFrame(bytes).columns.loss!;
  expect(data).toEqual(values);
  expect(data.buffer).toBe(bytes.buffer);
});

it("reads metadata that looks like its own end", () => {
  const metadata = { run: '},"', series: '"}},{"', rank: "0" };
  const columns = { loss: { dtype: "F64", shape: [values.length], data: values } } as const;
  const frame = decodeFrame(encodeFrame({ metadata, columns }));
  expect(frame.metadata).toEqual(metadata);
  expect(frame.columns.loss!.data).toEqual(values);
});

it("takes no frame for one that it knows with other bytes", () => {
  const frameOf = (data: Float64Array<ArrayBuffer>, seq: string) =>
    encodeFrame({ metadata: { seq }, columns: { loss: { dtype: "F64", shape: [data.length], data } } });
  decodeFrame(frameOf(values, "1"));
  expect(decodeFrame(frameOf(Float64Array.of(4, 5, 6), "12345678"))).toEqual({
    metadata: { seq: "12345678" },
    columns: { loss: { dtype: "F64", shape: [3], data: Float64Array.of(4, 5, 6) } },
  });
  expect(decodeFrame(frameOf(Float64Array.of(7), "2")).columns.loss!.data).toEqual(Float64Array.of(7));
  expect(() => decodeFrame(frameOf(values, "3").subarray(0, -8))).toThrow("past the end");
});
