import { decodeFrame } from "../../protocol/frame.ts";
import type { HubEndpoint } from "../../protocol/lsp.ts";
import { type Spread, spreadOf } from "../lint/quantiles.ts";
import { ask, connect } from "./sockets.ts";
import { SCALARS_SENT, SPIKE } from "./telemetry.ts";

const BUCKETS = 1000;
const LAYER_BUCKETS = 300;
const metrics = [...SCALARS_SENT, "clipped"];

export interface Look {
  /** The run's detail, and with it the tile of the whole run: what is seen first. Milliseconds, as all that follows. */
  readonly open: number;
  readonly random: Spread;
  /** One window after the other, each moved by a twentieth of its width. */
  readonly pan: Spread;
  readonly layers: Spread | null;
  /** How many windows that have the spike show it. */
  readonly zooms: number;
}

/** A first look at a run, and then at parts of it. @throws where the spike is not seen */
export async function look(endpoint: HubEndpoint, run: string, steps: number, layers: boolean): Promise<Look> {
  const viewer = await connect(endpoint, "/view");
  const of = { run, series: "sgd" };
  const tile = (from: number, width: number, buckets = BUCKETS) =>
    ask(viewer, { method: "tile", ...of, metrics, from, to: from + width - 1, buckets });
  const begun = performance.now();
  await ask(viewer, { method: "subscribe", run });
  await tile(0, steps);
  const open = performance.now() - begun;
  await ask(viewer, { method: "unsubscribe" });

  const width = () => Math.max(10, Math.floor(steps ** Math.random()));
  const place = (w: number) => Math.floor(Math.random() * (steps - w));
  const random: number[] = [];
  for (let i = 0; i < 200; i += 1) {
    const w = width();
    random.push((await tile(place(w), w)).ms);
  }
  const pan: number[] = [];
  for (let i = 0; i < 10; i += 1) {
    const w = width();
    const from = place(w);
    for (let move = 0; move < 20; move += 1) pan.push((await tile(from + Math.ceil((move * w) / 20), w)).ms);
  }
  const sampled: number[] = [];
  for (let i = 0; layers && i < 30; i += 1) {
    const w = i === 0 ? steps : width();
    const from = place(w);
    const window = { from, to: from + w - 1, buckets: LAYER_BUCKETS, rows: null };
    sampled.push((await ask(viewer, { method: "layers", metric: "grad_norm", ...of, ...window })).ms);
  }

  const spike = Math.floor(steps * SPIKE.at);
  let zooms = 0;
  for (const buckets of layers ? [] : [1, 100, BUCKETS])
    for (let w = steps; w >= 1; w = Math.floor(w / 3)) {
      const { data } = await tile(Math.max(0, spike - Math.floor(w / 2)), w, buckets);
      const max = decodeFrame(data).columns["norm_pre.max"]!.data as Float64Array;
      if (max.filter((value) => value === SPIKE.norm).length !== 1) throw new Error(`no spike in ${w} steps`);
      zooms += 1;
    }
  viewer.close();
  return { open, random: spreadOf(random), pan: spreadOf(pan), layers: layers ? spreadOf(sampled) : null, zooms };
}
