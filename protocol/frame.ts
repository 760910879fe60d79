/**
 * A telemetry frame: columns of numbers in the safetensors layout, which is what travels over the websocket, what the
 * store keeps, and what the `safetensors` package reads.
 *
 *     u64 little-endian   length H of the header
 *     H bytes             JSON: { "<column>": { dtype, shape, data_offsets: [begin, end] }, "__metadata__": {…strings} }
 *     the rest            the columns, raw, little-endian, row-major; offsets count from here
 *
 * The header is padded with spaces so that the data starts at a multiple of 8, and columns are ordered by element size,
 * largest first, so that each is aligned. Format: https://github.com/huggingface/safetensors#format
 */
export type Dtype = "I64" | "F64" | "U32" | "F32" | "U8";

export type Column =
  | { readonly dtype: "I64"; readonly shape: readonly number[]; readonly data: BigInt64Array }
  | { readonly dtype: "F64"; readonly shape: readonly number[]; readonly data: Float64Array }
  | { readonly dtype: "U32"; readonly shape: readonly number[]; readonly data: Uint32Array }
  | { readonly dtype: "F32"; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: "U8"; readonly shape: readonly number[]; readonly data: Uint8Array };

export interface Frame {
  readonly metadata: Readonly<Record<string, string>>;
  readonly columns: Readonly<Record<string, Column>>;
}

export class FrameError extends Error {
  constructor(message: string) {
    super(`frame: ${message}`);
    this.name = "FrameError";
  }
}

const ITEM_SIZE: Record<Dtype, number> = { I64: 8, F64: 8, U32: 4, F32: 4, U8: 1 };
const MAX_HEADER = 1 << 20;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Encodes a frame. Column order on the wire is by element size, then by the order given. */
export function encodeFrame(frame: Frame): Uint8Array<ArrayBuffer> {
  const columns = Object.entries(frame.columns).sort(([, a], [, b]) => ITEM_SIZE[b.dtype] - ITEM_SIZE[a.dtype]);
  const header: Record<string, unknown> = { __metadata__: frame.metadata };
  let offset = 0;
  for (const [name, column] of columns) {
    header[name] = {
      dtype: column.dtype,
      shape: column.shape,
      data_offsets: [offset, offset + column.data.byteLength],
    };
    offset += column.data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerLength + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, 8, 8 + headerLength);
  bytes.set(json, 8);
  let position = 8 + headerLength;
  for (const [, { data }] of columns) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return bytes;
}

/**
 * Decodes a frame and checks all that the layout promises: lengths, types, shapes, and that the columns tile the data
 * without gap or overlap. Columns are aligned and outlive the message: the data is copied, but for a message that has its buffer for
 * itself, which is not to be written to any more.
 * @throws {FrameError} at the first thing that is wrong
 */
export function decodeFrame(message: Uint8Array): Frame {
  if (message.byteLength < 8) throw new FrameError("shorter than its length field");
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const headerLength = view.getBigUint64(0, true);
  if (headerLength > MAX_HEADER || 8n + headerLength > message.byteLength)
    throw new FrameError("the header runs past the end");
  const dataStart = 8 + Number(headerLength);
  let header: Header;
  try {
    header = readHeader(utf8.decode(message.subarray(8, dataStart)));
  } catch (error) {
    throw error instanceof FrameError ? error : new FrameError("the header is not JSON");
  }
  const isAlone = message.byteLength === message.buffer.byteLength && dataStart % 8 === 0;
  // Of a copy, one for all columns; of the buffer, because slice() of Node's Buffer is a view and no copy.
  const start = message.byteOffset + dataStart;
  const data = isAlone
    ? new Uint8Array(message.buffer as ArrayBuffer, dataStart)
    : new Uint8Array(message.buffer.slice(start, message.byteOffset + message.byteLength) as ArrayBuffer);
  const { metadata, columns, size } = header;
  if (size > data.byteLength) throw new FrameError("a column runs past the end");
  if (size < data.byteLength) throw new FrameError("bytes that belong to no column");
  // fromEntries, because assigning would let a column called __proto__ change the object itself.
  return { metadata, columns: Object.fromEntries(columns.map((column) => [column.name, lift(column, data)])) };
}

/** What a header says, checked as far as it can be without the data. */
interface Header extends Layout {
  readonly metadata: Readonly<Record<string, string>>;
}

interface Layout {
  /** In the order of their bytes, which they tile. */
  readonly columns: readonly Described[];
  /** Bytes of all columns. */
  readonly size: number;
}

interface Described {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** What headers say after their metadata, by its text: frame after frame of a run has the same columns. */
const layouts = new Map<string, Layout>();
const MOST_LAYOUTS = 64;
/** Characters; a few dozen columns need no more. */
const LONGEST_KEPT = 4096;

const METADATA_FIRST = '{"__metadata__":{';
const METADATA_END = '},"';

/** @throws {SyntaxError | FrameError} */
function readHeader(text: string): Header {
  // Our own writers put the metadata first. Where a string in it looks like its end, what is before that is no JSON.
  const end = text.startsWith(METADATA_FIRST) ? text.indexOf(METADATA_END) : -1;
  const first = end === -1 ? null : objectOf(`${text.slice(0, end + 1)}}`);
  if (first) return { metadata: checkMetadata(first.__metadata__), ...layoutOf(text.slice(end + 2).trimEnd()) };
  const header: unknown = JSON.parse(text);
  if (typeof header !== "object" || header === null || Array.isArray(header))
    throw new FrameError("the header is not an object");
  const { __metadata__: metadata = {}, ...entries } = header as Record<string, unknown>;
  return { ...readLayout(entries), metadata: checkMetadata(metadata) };
}

function objectOf(json: string): Record<string, unknown> | null {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

/** `rest`: the columns of a header, up to and with its last brace. */
function layoutOf(rest: string): Layout {
  let layout = layouts.get(rest);
  if (!layout) {
    layout = readLayout(JSON.parse(`{${rest}`));
    if (layouts.size >= MOST_LAYOUTS) layouts.clear();
    if (rest.length <= LONGEST_KEPT) layouts.set(rest, layout);
  }
  return layout;
}

function readLayout(entries: Record<string, unknown>): Layout {
  const columns = Object.entries(entries)
    .map(([name, entry]) => describe(name, entry))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let size = 0;
  for (const { name, begin, end } of columns) {
    if (begin !== size) throw new FrameError(`${name}: a gap or an overlap`);
    size = end;
  }
  return { columns, size };
}

function describe(name: string, entry: unknown): Described {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  if (typeof dtype !== "string" || !Object.hasOwn(ITEM_SIZE, dtype)) throw new FrameError(`${name}: unknown dtype`);
  if (!Array.isArray(shape) || !shape.every((n) => Number.isSafeInteger(n) && n >= 0))
    throw new FrameError(`${name}: bad shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every((n) => Number.isSafeInteger(n) && n >= 0))
    throw new FrameError(`${name}: bad offsets`);
  const [begin, end] = offsets as [number, number];
  const items = (shape as number[]).reduce((product, n) => product * n, 1);
  if (end - begin !== items * ITEM_SIZE[dtype as Dtype]) throw new FrameError(`${name}: shape and size disagree`);
  return { name, dtype: dtype as Dtype, shape: shape as number[], begin, end };
}

function lift({ dtype, shape, begin, end }: Described, data: Uint8Array<ArrayBuffer>): Column {
  const size = ITEM_SIZE[dtype];
  // Only a frame whose columns another writer ordered otherwise is not aligned.
  const isAligned = begin % size === 0;
  const buffer = isAligned ? data.buffer : data.slice(begin, end).buffer;
  const view = [buffer, isAligned ? data.byteOffset + begin : 0, (end - begin) / size] as const;
  switch (dtype) {
    case "I64":
      return { dtype, shape, data: new BigInt64Array(...view) };
    case "F64":
      return { dtype, shape, data: new Float64Array(...view) };
    case "U32":
      return { dtype, shape, data: new Uint32Array(...view) };
    case "F32":
      return { dtype, shape, data: new Float32Array(...view) };
    case "U8":
      return { dtype, shape, data: new Uint8Array(...view) };
  }
}

function checkMetadata(metadata: unknown): Record<string, string> {
  const isObject = typeof metadata === "object" && metadata !== null && !Array.isArray(metadata);
  if (!isObject || Object.values(metadata).some((v) => typeof v !== "string"))
    throw new FrameError("metadata must be strings");
  return metadata as Record<string, string>;
}
