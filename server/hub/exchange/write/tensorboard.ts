/**
 * TensorBoard's event files: an `Event` a step (tensorflow/core/util/event.proto), with each scalar as a `simple_value`, which
 * every reader knows and which is of single precision. Tags are `<series>/<scalar>`, `<series>@<rank>/<scalar>` for ranks other
 * than 0, and `<series>/grad_norm/<layer>`. Where an attempt goes back, TensorBoard shows the later one.
 */
import { SCALAR_NAMES } from "../../../../protocol/scalars.ts";
import type { OutputFile } from "../output-file.ts";
import { MessageWriter } from "../protobuf.ts";
import { isPresent, partName, type Recorded, type RecordedRun } from "../recorded-run.ts";
import { encodeRecord } from "../tfrecord.ts";

const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5 };
const SUMMARY = { value: 1 };
const VALUE = { tag: 1, simple: 2 };

export async function writeTensorboard(run: RecordedRun, file: OutputFile): Promise<void> {
  const version = new MessageWriter()
    .double(EVENT.wallTime, run.info.startedAt)
    .bytes(EVENT.fileVersion, "brain.Event:2");
  await file.append(encodeRecord(version.finished));
  for await (const recorded of run.batches()) await file.append(Buffer.concat(eventsOf(recorded, run.info.startedAt)));
}

/** `startedAt`: Unix seconds, for layers whose steps went before them. */
function eventsOf({ part, batch, layers }: Recorded, startedAt: number): Buffer[] {
  const { steps, times, scalars } = batch;
  const prefix = partName({ ...part, attempt: 0 });
  const events = Array.from(steps, (step, i) => {
    const summary = new MessageWriter();
    for (const scalar of SCALAR_NAMES)
      if (isPresent(batch, scalar, i)) put(summary, `${prefix}/${scalar}`, scalars[scalar]![i]!);
    return event(times[i]!, step, summary);
  });
  const { norms } = batch.layers ?? {};
  for (const [k, step] of norms?.steps.entries() ?? []) {
    const summary = new MessageWriter();
    for (const [j, layer] of layers.entries())
      put(summary, `${prefix}/grad_norm/${layer}`, norms!.values[k * layers.length + j]!);
    const at = steps.indexOf(step);
    events.push(event(times[at] ?? times.at(-1) ?? startedAt, step, summary));
  }
  return events;
}

function put(summary: MessageWriter, tag: string, value: number): void {
  summary.message(SUMMARY.value, new MessageWriter().bytes(VALUE.tag, tag).float(VALUE.simple, value));
}

const event = (time: number, step: number, summary: MessageWriter): Buffer =>
  encodeRecord(
    new MessageWriter().double(EVENT.wallTime, time).varint(EVENT.step, step).message(EVENT.summary, summary).finished,
  );
