/** The state of norms that are spread over ranks, as bytes: the shares, and beside them the rows that wait. */
import type { Batch } from "../../../protocol/batch.ts";
import { type Column, decodeFrame, encodeFrame, FrameError } from "../../../protocol/frame.ts";
import { SCALAR_NAMES } from "../../../protocol/scalars.ts";
import type { SpreadState } from "./spread-norms.ts";

/** What is kept as JSON, and whatever else there is to know. */
interface Kept {
  readonly lastReleased: number;
  readonly lastGivenUp: number;
  readonly missedFrom: number | null;
  /** Whose rows each stretch of them are. */
  readonly held: readonly Pick<Batch, "run" | "attempt" | "rank" | "seq" | "series">[];
  readonly about: unknown;
}

export function encodeSpread(state: SpreadState, about: unknown): Uint8Array {
  const { lastReleased, lastGivenUp, missedFrom } = state;
  const held = joined(state.held);
  const ids = held.map(({ run, attempt, rank, seq, series }) => ({ run, attempt, rank, seq, series }));
  const kept: Kept = { lastReleased, lastGivenUp, missedFrom, held: ids, about };
  return encodeFrame({
    metadata: { kept: JSON.stringify(kept) },
    columns: {
      reached: f64(state.reached),
      heard_at: f64(state.heardAt),
      shared_step: f64(state.sharedSteps),
      shares: f64(state.shares),
      ...Object.fromEntries(
        held.flatMap((batch, i) => columnsOf(batch).map(([name, column]) => [`${i} ${name}`, column])),
      ),
    },
  });
}

/** @throws {FrameError} where the bytes are no such state */
export function decodeSpread(bytes: Uint8Array): { state: SpreadState; about: unknown } {
  const { metadata, columns } = decodeFrame(bytes);
  const { held, about, ...rest } = JSON.parse(metadata.kept ?? "null") as Kept;
  const optional = (name: string): Float64Array | undefined => {
    const column = columns[name];
    return column?.dtype === "F64" ? column.data : undefined;
  };
  const required = (name: string): Float64Array => {
    const data = optional(name);
    if (!data) throw new FrameError(name);
    return data;
  };
  const state: SpreadState = {
    ...rest,
    reached: required("reached"),
    heardAt: required("heard_at"),
    sharedSteps: required("shared_step"),
    shares: required("shares"),
    held: held.map((ids, i): Batch => {
      const [present, flags] = [columns[`${i} present`], columns[`${i} flags`]];
      if (present?.dtype !== "U32" || flags?.dtype !== "U8") throw new FrameError("present or flags");
      return {
        ...ids,
        steps: required(`${i} step`),
        times: required(`${i} time`),
        present: present.data,
        flags: flags.data,
        scalars: Object.fromEntries(
          SCALAR_NAMES.flatMap((name) => {
            const values = optional(`${i} ${name}`);
            return values ? [[name, values]] : [];
          }),
        ),
        groupRates: optional(`${i} group_lr`) ?? null,
        layers: null,
      };
    }),
  };
  return { state, about };
}

function columnsOf({ steps, times, scalars, groupRates, present, flags }: Batch): [string, Column][] {
  return [
    ["step", f64(steps)],
    ["time", f64(times)],
    ...Object.entries(scalars).map(([name, values]): [string, Column] => [name, f64(values)]),
    ...(groupRates ? [["group_lr", f64(groupRates)] as [string, Column]] : []),
    ["present", { dtype: "U32", shape: [present.length], data: present }],
    ["flags", { dtype: "U8", shape: [flags.length], data: flags }],
  ];
}

const f64 = (data: Float64Array): Column => ({ dtype: "F64", shape: [data.length], data });

/** As few batches as hold the same rows: those of one number of parameter groups are one. */
function joined(batches: readonly Batch[]): Batch[] {
  const groups = ({ groupRates, steps }: Batch) => (groupRates ? groupRates.length / steps.length : 0);
  const alike: Batch[][] = [];
  for (const batch of batches) {
    const last = alike.at(-1);
    if (last && groups(last[0]!) === groups(batch)) last.push(batch);
    else alike.push([batch]);
  }
  return alike.map((parts) => {
    const rows = parts.reduce((sum, { steps }) => sum + steps.length, 0);
    const join = <T extends Float64Array | Uint32Array | Uint8Array>(
      into: T,
      column: (batch: Batch) => T | undefined,
    ) => {
      const width = into.length / rows;
      let at = 0;
      for (const part of parts) {
        const values = column(part);
        if (values) into.set(values as never, at * width);
        at += part.steps.length;
      }
      return into;
    };
    const scalars = SCALAR_NAMES.filter((name) => parts.some((part) => part.scalars[name]));
    return {
      ...parts[0]!,
      steps: join(new Float64Array(rows), ({ steps }) => steps),
      times: join(new Float64Array(rows), ({ times }) => times),
      present: join(new Uint32Array(rows), ({ present }) => present),
      flags: join(new Uint8Array(rows), ({ flags }) => flags),
      scalars: Object.fromEntries(
        scalars.map((name) => [name, join(new Float64Array(rows), (batch) => batch.scalars[name])]),
      ),
      groupRates: parts[0]!.groupRates
        ? join(new Float64Array(rows * groups(parts[0]!)), (batch) => batch.groupRates ?? undefined)
        : null,
    };
  });
}
