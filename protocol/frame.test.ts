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
