/**
 * One file of tensors that `safetensors.numpy.load_file` reads. For each part (`<series>`, `<series>@<rank>`, with `.2`, `.3`… for
 * further attempts): `<part>/step` I64 [n], `/time` F64 [n], `/<scalar>` F64 [n] (NaN where not recorded, which `/present` U32 [n] tells
 * from a NaN that was), `/flags` U8 [n]; `/layer_norm` F32 [k, layers] and `/layer_step` I64 [k], `/weight_norm` and `/weight_step`
 * alike. The metadata has the run, and the names of the layers as JSON.
 */
import type { Batch, Samples } from "../../../../protocol/batch.ts";
import type { Dtype } from "../../../../protocol/frame.ts";
import { SCALAR_NAMES } from "../../../../protocol/scalars.ts";
import type { OutputFile } from "../output-file.ts";
import { type Extent, isPresent, partName, type Recorded, type RecordedRun } from "../recorded-run.ts";

const ITEM_SIZE: Record<Dtype, number> = { I64: 8, F64: 8, U32: 4, F32: 4, U8: 1 };

interface Tensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Where its next row goes, in bytes from the beginning of the data. */
  next: number;
}

export async function writeSafetensors(run: RecordedRun, file: OutputFile): Promise<void> {
  const extents = await run.survey();
  const tensors = new Map(extents.flatMap(tensorsOf).sort(([, a], [, b]) => ITEM_SIZE[b.dtype] - ITEM_SIZE[a.dtype]));
  const { name, script, args, python, framework, frameworkVersion, startedAt, code } = run.info;
  const metadata: Record<string, string> = {
    run: JSON.stringify({ name, script, args, python, framework, frameworkVersion, startedAt, code }),
  };
  for (const { part, layers } of extents)
    for (const [table, { names }] of layers)
      metadata[`${partName(part)}/layers${suffix(layers, table)}`] = JSON.stringify(names);
  const header = headerOf(tensors, metadata);
  await file.writeAt(0, header);
  for await (const recorded of run.batches())
    for (const { tensor, data } of rowsOf(recorded, extents)) {
      const place = tensors.get(tensor)!;
      await file.writeAt(header.length + place.next, data);
      place.next += data.byteLength;
    }
}

function tensorsOf({ part, steps, scalars, layers }: Extent): [string, Tensor][] {
  const name = partName(part);
  const of = (tensor: string, dtype: Dtype, ...shape: number[]): [string, Tensor] => [
    `${name}/${tensor}`,
    { dtype, shape, next: 0 },
  ];
  const found = [
    of("step", "I64", steps),
    of("time", "F64", steps),
    of("present", "U32", steps),
    of("flags", "U8", steps),
  ];
  for (const scalar of SCALAR_NAMES) if (scalars.has(scalar)) found.push(of(scalar, "F64", steps));
  for (const [table, { names, samples, weightSamples }] of layers) {
    const end = suffix(layers, table);
    found.push(of(`layer_step${end}`, "I64", samples), of(`layer_norm${end}`, "F32", samples, names.length));
    if (weightSamples > 0)
      found.push(
        of(`weight_step${end}`, "I64", weightSamples),
        of(`weight_norm${end}`, "F32", weightSamples, names.length),
      );
  }
  return found;
}

/** A second set of layers, after a model was changed, has tensors of its own. */
function suffix(layers: Extent["layers"], table: string): string {
  const place = [...layers.keys()].indexOf(table);
  return place > 0 ? `.${place + 1}` : "";
}

/** Lays the tensors out, too. */
function headerOf(tensors: ReadonlyMap<string, Tensor>, metadata: Record<string, string>): Buffer {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, tensor] of tensors) {
    const { dtype, shape } = tensor;
    const size = shape.reduce((product, n) => product * n, ITEM_SIZE[dtype]);
    header[name] = { dtype, shape, data_offsets: [offset, offset + size] };
    tensor.next = offset;
    offset += size;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, 0x20);
  padded.writeBigUInt64LE(BigInt(padded.length - 8));
  json.copy(padded, 8);
  return padded;
}

type Rows = { tensor: string; data: ArrayBufferView };

function rowsOf({ part, batch }: Recorded, extents: readonly Extent[]): Rows[] {
  const name = partName(part);
  const { scalars, layers } = extents.find((extent) => partName(extent.part) === name)!;
  const rows: Rows[] = [];
  if (batch.steps.length > 0) {
    rows.push(
      { tensor: `${name}/step`, data: BigInt64Array.from(batch.steps, BigInt) },
      { tensor: `${name}/time`, data: batch.times },
      { tensor: `${name}/present`, data: batch.present },
      { tensor: `${name}/flags`, data: batch.flags },
    );
    for (const scalar of scalars) rows.push({ tensor: `${name}/${scalar}`, data: valuesOf(batch, scalar) });
  }
  if (!batch.layers) return rows;
  const { table, norms, weights } = batch.layers;
  const end = suffix(layers, table);
  return [
    ...rows,
    ...sampleRows(`${name}/layer`, end, norms),
    ...(weights ? sampleRows(`${name}/weight`, end, weights) : []),
  ];
}

const sampleRows = (prefix: string, end: string, { steps, values }: Samples): Rows[] => [
  { tensor: `${prefix}_step${end}`, data: BigInt64Array.from(steps, BigInt) },
  { tensor: `${prefix}_norm${end}`, data: values },
];

function valuesOf(batch: Batch, scalar: (typeof SCALAR_NAMES)[number]): Float64Array {
  const values = batch.scalars[scalar];
  return Float64Array.from(batch.steps, (_, i) => (values && isPresent(batch, scalar, i) ? values[i]! : Number.NaN));
}
