/** Does the streaming implementation give what the reference gave on the same traces? */
import { ExplosionDetector } from "../../server/advice/detectors/explosion.ts";
import { GrowthDetector } from "../../server/advice/detectors/growth.ts";
import { NonFiniteDetector } from "../../server/advice/detectors/nonfinite.ts";
import { SpikeDetector } from "../../server/advice/detectors/spike.ts";
import { NormHistory } from "../../server/advice/history.ts";
import { staticThreshold } from "../../server/advice/threshold.ts";
import { observed } from "./observed.ts";
import type { Trace } from "./traces.ts";

type Row = Record<string, string>;

export interface SuggestionParity {
  rows: number;
  /** Largest relative difference of the threshold, from the exact norms and from the histogram. */
  exact: number;
  histogram: number;
  /** Rows beyond 0.1 % or 3 %, or whose step count or explosion differ. */
  disagreements: string[];
}

export function suggestionParity(references: Row[], traces: Map<string, Trace>): SuggestionParity {
  const result: SuggestionParity = { rows: references.length, exact: 0, histogram: 0, disagreements: [] };
  for (const reference of references) {
    const name = `${reference.task}|${reference.source_clip}|${reference.seed}`;
    const history = new NormHistory();
    for (const [step, norm] of traces.get(name)!.norms.slice(0, Number(reference.N)).entries())
      history.push(step, norm);
    const [exact, histogram] = [true, false].map((exactly) => {
      const statistics = history.statistics(exactly)!;
      const same =
        statistics.steps === Number(reference.n_used) && statistics.exploded === (reference.exploded === "1");
      const difference = Math.abs(staticThreshold(statistics) / Number(reference.threshold) - 1);
      if (!same || difference > (exactly ? 0.001 : 0.03))
        result.disagreements.push(`${name} after ${reference.N}: ${(100 * difference).toFixed(2)} %`);
      return difference;
    });
    result.exact = Math.max(result.exact, exact!);
    result.histogram = Math.max(result.histogram, histogram!);
  }
  return result;
}

export interface DetectionParity {
  rows: number;
  nonFinite: number;
  normGrowth: number;
  lossGrowth: number;
  spikes: number;
  disagreements: string[];
}

/** Counts the runs on which each detector says exactly what the reference said. */
export function detectionParity(references: Row[], traces: Map<string, Trace>): DetectionParity {
  const result: DetectionParity = {
    rows: references.length,
    nonFinite: 0,
    normGrowth: 0,
    lossGrowth: 0,
    spikes: 0,
    disagreements: [],
  };
  for (const reference of references) {
    const name = `${reference.task}|${reference.clip}|${reference.seed}`;
    const trace = traces.get(name)!;
    const found = detect(trace);
    const compare = (kind: "nonFinite" | "normGrowth" | "lossGrowth" | "spikes", ours: string, theirs: string) => {
      if (ours === theirs.replace("None", "")) result[kind] += 1;
      else result.disagreements.push(`${name} ${kind}: ${ours || "none"}, reference ${theirs || "none"}`);
    };
    compare("nonFinite", String(found.nonFinite ?? ""), reference.first_nonfinite!);
    compare("normGrowth", String(found.normGrowth ?? ""), reference.norm_growth10_step!);
    compare("lossGrowth", String(found.lossGrowth ?? ""), reference.loss_growth5_step!);
    const listed = `${found.spikes.length}: ${found.spikes.slice(0, 20).join(" ")}`;
    compare("spikes", listed, `${reference.n_spikes}: ${reference.spike_steps_first20}`);
  }
  return result;
}

export interface Detected {
  nonFinite: number | null;
  normGrowth: number | null;
  lossGrowth: number | null;
  explosion: number | null;
  spikes: number[];
}

export function detect(trace: Trace): Detected {
  const spike = new SpikeDetector();
  const nonFinite = new NonFiniteDetector();
  const explosion = new ExplosionDetector();
  const norms = new GrowthDetector(10);
  const losses = new GrowthDetector(5);
  const found: Detected = { nonFinite: null, normGrowth: null, lossGrowth: null, explosion: null, spikes: [] };
  for (const step of observed(trace)) {
    if (spike.observe(step)) found.spikes.push(step.step);
    if (nonFinite.observe(step)) found.nonFinite ??= step.step;
    if (explosion.observe(step)) found.explosion ??= step.step;
    if (Number.isFinite(step.normPre) && norms.push(step.normPre!)) found.normGrowth ??= step.step;
    if (Number.isFinite(step.loss) && losses.push(step.loss!)) found.lossGrowth ??= step.step;
  }
  return found;
}
