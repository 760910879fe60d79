/**
 * Frames that must be refused. `layer` says by whom: "layout" by every reader of frames, "content" by the hub, which
 * checks what a batch of steps promises. `refusal` is part of the hub's message; other readers need only refuse.
 */
import { encodeFrame, type Frame } from "../frame.ts";
import { bits, f32, f64, goldenFrames, i64, metadata, u8, u32 } from "./frames.ts";

export interface MalformedFrame {
  readonly file: string;
  readonly layer: "layout" | "content";
  readonly refusal: string;
  readonly bytes: Uint8Array;
}

const sound = goldenFrames[0]!.bytes;

const layout = (name: string, refusal: string, bytes: Uint8Array): MalformedFrame => ({
  file: `malformed/${name}.safetensors`,
  layer: "layout",
  refusal,
  bytes,
});

/** A frame from a header as it stands and `size` zero bytes of data. */
function raw(header: string, size = 0): Uint8Array {
  const json = new TextEncoder().encode(header.padEnd(Math.ceil(header.length / 8) * 8));
  const bytes = new Uint8Array(8 + json.length + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const column = (dtype: unknown, shape: unknown, offsets: unknown) => ({ dtype, shape, data_offsets: offsets });
const header = (columns: Record<string, unknown>) => JSON.stringify({ __metadata__: metadata, ...columns });

function withLength(length: bigint): Uint8Array {
  const bytes = sound.slice();
  new DataView(bytes.buffer).setBigUint64(0, length, true);
  return bytes;
}

const layouts: readonly MalformedFrame[] = [
  layout("no-bytes", "shorter than its length field", new Uint8Array()),
  layout("seven-bytes", "shorter than its length field", new Uint8Array(7)),
  layout("header-too-long", "the header runs past the end", withLength(BigInt(sound.length))),
  layout("header-huge", "the header runs past the end", withLength(2n ** 64n - 1n)),
  layout("header-cut", "the header is not JSON", withLength(64n)),
  layout("header-not-utf8", "the header is not JSON", new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe])),
  layout("header-nan", "the header is not JSON", raw('{"step":{"dtype":"I64","shape":[NaN],"data_offsets":[0,0]}}')),
  layout("header-list", "the header is not an object", raw("[]")),
  layout("header-null", "the header is not an object", raw("null")),
  layout("data-cut", "runs past the end", sound.slice(0, -1)),
  layout("data-left-over", "belong to no column", Uint8Array.from([...sound, 0])),
  layout("unknown-dtype", "unknown dtype", raw(header({ step: column("I65", [1], [0, 8]) }), 8)),
  layout("inherited-dtype", "unknown dtype", raw(header({ step: column("toString", [1], [0, 8]) }), 8)),
  layout("column-null", "unknown dtype", raw(header({ step: null }))),
  layout("negative-shape", "bad shape", raw(header({ step: column("I64", [-1], [0, 8]) }), 8)),
  layout("fractional-shape", "bad shape", raw(header({ step: column("I64", [0.5], [0, 4]) }), 4)),
  layout("huge-shape", "shape and size disagree", raw(header({ step: column("I64", [2 ** 52, 2 ** 52], [0, 8]) }), 8)),
  layout("shape-disagrees", "shape and size disagree", raw(header({ step: column("I64", [2], [0, 8]) }), 8)),
  layout("negative-offset", "bad offsets", raw(header({ step: column("I64", [1], [-8, 0]) }), 8)),
  layout("offsets-reversed", "shape and size disagree", raw(header({ step: column("I64", [1], [8, 0]) }), 8)),
  layout(
    "overlap",
    "a gap or an overlap",
    raw(header({ step: column("I64", [1], [0, 8]), time: column("F64", [1], [0, 8]) }), 8),
  ),
  layout(
    "gap",
    "a gap or an overlap",
    raw(header({ step: column("I64", [1], [0, 8]), time: column("F64", [1], [16, 24]) }), 24),
  ),
  layout("metadata-number", "metadata must be strings", raw(JSON.stringify({ __metadata__: { ...metadata, seq: 0 } }))),
  layout("metadata-list", "metadata must be strings", raw(JSON.stringify({ __metadata__: ["a"] }))),
];

const two = { step: i64(1, 2), time: f64(1, 2), present: u32(1, 1), norm_pre: f64(1, 1), flags: u8(0, 0) };
const content = (name: string, refusal: string, change: Partial<Frame>): MalformedFrame => ({
  file: `malformed/${name}.safetensors`,
  layer: "content",
  refusal,
  bytes: encodeFrame({ metadata, columns: two, ...change }),
});
const columns = (name: string, refusal: string, changed: Frame["columns"]) =>
  content(name, refusal, { columns: { ...two, ...changed } });
const without = (name: keyof typeof two) => Object.fromEntries(Object.entries(two).filter(([key]) => key !== name));

const contents: readonly MalformedFrame[] = [
  content("no-metadata", "protocol", { metadata: {} }),
  content("other-protocol", "protocol", { metadata: { ...metadata, protocol: "2" } }),
  content("empty-run", "metadata run", { metadata: { ...metadata, run: "" } }),
  content("long-series", "metadata series", { metadata: { ...metadata, series: "s".repeat(65) } }),
  content("negative-seq", "metadata seq", { metadata: { ...metadata, seq: "-1" } }),
  content("fractional-rank", "metadata rank", { metadata: { ...metadata, rank: "1.5" } }),
  content("no-step", "step: expected I64", { columns: without("step") }),
  content("no-time", "time: expected F64", { columns: without("time") }),
  content("no-present", "present: expected U32", { columns: without("present") }),
  content("no-flags", "flags: expected U8", { columns: without("flags") }),
  columns("step-as-f64", "step: expected I64", { step: f64(1, 2) }),
  columns("norm-as-f32", "norm_pre: expected F64", { norm_pre: f32([2], 1, 1) }),
  columns("norm-too-short", "norm_pre: expected F64 [2]", { norm_pre: f64(1) }),
  columns("step-repeated", "step: not increasing", { step: i64(2, 2) }),
  columns("step-backwards", "step: not increasing", { step: i64(2, 1) }),
  columns("step-negative", "step: out of range", { step: i64(-1, 1) }),
  columns("step-too-large", "step: out of range", { step: i64(1, 2 ** 53) }),
  columns("time-nan", "time: not finite", { time: f64(1, Number.NaN) }),
  columns("present-without-column", "loss: present", { present: u32(bits("norm_pre", "loss"), 1) }),
  columns("layers-unnamed", "metadata layers", { layer_step: i64(1), layer_norm: f32([1, 2], 1, 1) }),
  content("layers-flat", "layer_norm: expected the shape", {
    metadata: { ...metadata, layers: "table-1" },
    columns: { ...two, layer_step: i64(1), layer_norm: f32([2], 1, 1) },
  }),
  columns("group-rates-flat", "group_lr: expected F64 of the shape", { group_lr: f64(1, 2) }),
  columns("weights-unnamed", "metadata layers", { weight_step: i64(1), weight_norm: f32([1, 2], 1, 1) }),
  content("weights-of-other-layers", "weight_norm: expected as many layers", {
    metadata: { ...metadata, layers: "table-1" },
    columns: {
      ...two,
      layer_step: i64(1),
      layer_norm: f32([1, 2], 1, 1),
      weight_step: i64(1),
      weight_norm: f32([1, 3], 1, 1, 1),
    },
  }),
  content("layers-missing", "layer_step: expected I64", { metadata: { ...metadata, layers: "table-1" } }),
];

export const malformedFrames: readonly MalformedFrame[] = [...layouts, ...contents];
